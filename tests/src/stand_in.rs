//! A Compose project of others, ready to run without a registry and without its
//! sources: what it builds and what it pulls is stood in for by local test images.
//!
//! The project's files are only read; a copy lies in a folder that goes with the
//! test. Databases and nginx are real programs; everything else is a small web
//! server that says whom it stands in for.

use benchtop_api::model::file::{self, Sources};
use benchtop_api::model::plan::{Container, MountSource, Plan, Run, Service};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// What is in an image by the last part of its name, and the image that has it.
const REAL: [(&str, &str); 5] = [
    ("postgres", "benchtop-test/postgres:15"),
    ("redis", "benchtop-test/redis:7"),
    ("redismod", "benchtop-test/redis:7"),
    ("mariadb", "benchtop-test/mariadb:10"),
    ("nginx", "benchtop-test/nginx:1"),
];

/// Listens on `PORTS`, and says who it is.
const SERVER: &str = r#"#!/bin/sh
mkdir -p /www
echo "stand-in of $WHO" > /www/index.html
for port in $PORTS; do
  httpd -p "$port" -h /www || exit 1
done
trap 'exit 0' TERM INT
while :; do
  sleep 1000 & wait $!
done
"#;

/// For health checks that ask with curl: the local busybox has only wget.
const CURL: &str = r#"#!/bin/sh
for last; do :; done
last=${last#http://}
port=${last%%/*}
exec wget -q -O /dev/null "http://127.0.0.1:${port##*:}/"
"#;

/// A copy of a project, and what was made for it in the engine.
#[derive(Debug)]
pub struct StandIn {
    _dir: TempDir,
    /// Folder of the copy.
    pub folder: PathBuf,
    /// The copied file.
    pub file: PathBuf,
    /// What the file says.
    pub plan: Plan,
    /// Images that were tagged or built for it.
    images: Vec<String>,
}

impl StandIn {
    /// Copies the project in `folder`, and makes what it needs.
    ///
    /// # Errors
    /// What is missing: the images of the tests, for example.
    ///
    /// # Panics
    /// Where its files cannot be copied or do not resolve.
    pub fn of(folder: &Path, home: &Path) -> Result<Self, String> {
        let dir = tempfile::Builder::new().prefix("bt-").tempdir();
        let dir = dir.expect("a folder");
        let name = folder.file_name().expect("a name").to_string_lossy();
        let copy = dir.path().join(format!("t{}-{name}", std::process::id()));
        std::fs::create_dir(&copy).expect("a folder");
        for entry in std::fs::read_dir(folder).expect("a project") {
            let path = entry.expect("an entry").path();
            let target = copy.join(path.file_name().expect("a name"));
            std::fs::copy(&path, target).expect("copy a file");
        }
        let named = |name: &&str| copy.join(name).is_file();
        let file = file::FILE_NAMES.into_iter().find(named).expect("a file");
        let file = copy.join(file);
        let mut stand_in = Self {
            plan: load(&file, home),
            folder: copy.canonicalize().expect("its path"),
            file,
            images: Vec::new(),
            _dir: dir,
        };
        stand_in.furnish()?;
        Ok(stand_in)
    }

    /// Folders to build from, files to mount, images to pull.
    fn furnish(&mut self) -> Result<(), String> {
        let containers: Vec<(Service, Container)> = self
            .plan
            .services
            .values()
            .filter_map(|service| match &service.run {
                Run::Container(container) => Some((service.clone(), container.clone())),
                Run::Process(_) | Run::External => None,
            })
            .collect();
        for (service, container) in &containers {
            self.write_sources(service, container);
        }
        for (service, container) in &containers {
            match &container.build {
                Some(build) => {
                    let recipe = build.dockerfile.as_deref().unwrap_or("Dockerfile");
                    let context = PathBuf::from(&build.context);
                    let ports = self.ports_of_context(&build.context);
                    let stage = build.target.as_deref().unwrap_or("all");
                    write_image(&context, recipe, stage, &service.name, &ports);
                    self.images.push(container.image.clone());
                }
                None => self.provide(service, &container.image)?,
            }
        }
        Ok(())
    }

    /// The files and folders of the project that are mounted.
    fn write_sources(&self, service: &Service, container: &Container) {
        for mount in &container.mounts {
            let MountSource::Bind(path) = &mount.source else {
                continue;
            };
            if !path.starts_with(&self.folder) || path.exists() {
                continue;
            }
            let is_file = path.extension().is_some();
            let parent = if is_file {
                path.parent()
            } else {
                Some(&**path)
            };
            std::fs::create_dir_all(parent.expect("a parent")).expect("make a folder");
            if is_file {
                std::fs::write(path, text_of(service, &mount.target)).expect("write a file");
            }
        }
    }

    fn ports_of_context(&self, context: &str) -> BTreeSet<u16> {
        let mut ports = BTreeSet::from([80]);
        for service in self.plan.services.values() {
            let Run::Container(container) = &service.run else {
                continue;
            };
            if container
                .build
                .as_ref()
                .is_some_and(|b| b.context == context)
            {
                ports.extend(service.endpoints.iter().filter_map(|e| e.target));
            }
        }
        ports
    }

    /// An image under the name that the project uses.
    fn provide(&mut self, service: &Service, image: &str) -> Result<(), String> {
        if docker(&["image", "inspect", image]).is_ok() {
            return Ok(());
        }
        match real(image) {
            Some(local) => docker(&["tag", local, image])?,
            None => {
                let context = self.folder.join(format!(".image-{}", service.name));
                let mut ports = BTreeSet::from([80]);
                ports.extend(service.endpoints.iter().filter_map(|e| e.target));
                write_image(&context, "Dockerfile", "all", &service.name, &ports);
                docker(&["build", "-q", "-t", image, &context.display().to_string()])?
            }
        };
        self.images.push(image.to_owned());
        Ok(())
    }

    /// Whether a service is stood in for by a web server, or by one behind nginx.
    #[must_use]
    pub fn speaks_http(&self, service: &Service) -> bool {
        let Run::Container(container) = &service.run else {
            return false;
        };
        match real(&container.image) {
            _ if container.build.is_some() => true,
            Some(local) => local.contains("nginx") && !service.depends_on.is_empty(),
            None => true,
        }
    }

    /// Host paths outside of the project are put into its folder, so that nothing
    /// is made or shown of the machine on which the test runs.
    pub fn keep_inside(&mut self) {
        let folder = self.folder.clone();
        for service in self.plan.services.values_mut() {
            let Run::Container(container) = &mut service.run else {
                continue;
            };
            for mount in &mut container.mounts {
                if let MountSource::Bind(path) = &mut mount.source
                    && !path.starts_with(&folder)
                    && !path.exists()
                {
                    let below = path.strip_prefix("/").unwrap_or(path).to_owned();
                    *path = folder.join("host").join(below);
                }
            }
        }
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        let volumes = self.plan.volumes.values().map(|v| v.name.as_str());
        let volumes: Vec<&str> = ["volume", "rm", "-f"].into_iter().chain(volumes).collect();
        if volumes.len() > 3
            && let Err(error) = docker(&volumes)
        {
            println!("volumes of {} stay: {error}", self.plan.name);
        }
        for image in &self.images {
            // What was never built is not there.
            _ = docker(&["image", "rm", "-f", image]);
        }
    }
}

fn load(file: &Path, home: &Path) -> Plan {
    let variables = BTreeMap::from([("HOME".to_owned(), home.display().to_string())]);
    let sources = Sources {
        variables: &variables,
        profiles: &BTreeSet::new(),
        read: &|path: &Path| std::fs::read(path),
    };
    let loaded = file::load(file, &sources);
    loaded
        .plan
        .unwrap_or_else(|| panic!("{}: {:?}", file.display(), loaded.problems))
}

fn real(image: &str) -> Option<&'static str> {
    let last = image.rsplit('/').next().unwrap_or(image);
    let name = last.split(':').next().unwrap_or(last);
    let found = REAL.iter().find(|(known, _)| *known == name);
    found.map(|(_, local)| *local)
}

/// What stands in a file that is mounted: a site that leads to what the service
/// depends on, or a password.
fn text_of(service: &Service, target: &str) -> String {
    match (target.ends_with(".conf"), service.depends_on.keys().next()) {
        (true, Some(behind)) => format!(
            "server {{\n  listen 80;\n  location / {{ proxy_pass http://{behind}:80; }}\n}}\n"
        ),
        _ => "stand-in-secret".to_owned(),
    }
}

/// A folder from which the stand-in of a service is built.
fn write_image(context: &Path, recipe: &str, stage: &str, who: &str, ports: &BTreeSet<u16>) {
    let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
    let text = format!(
        "FROM benchtop-test/busybox:1 AS {stage}\nENV WHO={who} PORTS=\"{}\"\n\
         COPY stand-in.sh /stand-in.sh\nCOPY stand-in-curl /bin/curl\n\
         ENTRYPOINT [\"/bin/sh\", \"/stand-in.sh\"]\n",
        ports.join(" ")
    );
    let path = context.join(recipe);
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("make a folder");
    std::fs::write(path, text).expect("write a build file");
    std::fs::write(context.join("stand-in.sh"), SERVER).expect("write the server");
    let curl = context.join("stand-in-curl");
    std::fs::write(&curl, CURL).expect("write curl");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(curl, mode).expect("make it a program");
}

/// What Docker's client prints.
///
/// # Errors
/// What it says where it fails.
///
/// # Panics
/// Where there is none.
pub fn docker(arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("docker").args(arguments).output();
    let output = output.expect("run docker");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    match output.status.success() {
        true => Ok(text(&output.stdout)),
        false => Err(text(&output.stderr)),
    }
}
