//! Lets Tauri read tauri.conf.json, capabilities and icons, and sees to it that
//! there is a `ui/dist` to embed before the UI was ever built.
fn main() {
    println!("cargo:rerun-if-changed=src-tauri/app/capabilities");
    println!("cargo:rerun-if-changed=ui/dist");
    tauri_build::try_build(
        tauri_build::Attributes::new()
            .capabilities_path_pattern("./src-tauri/app/capabilities/**/*"),
    )
    .expect("tauri-build");
}
