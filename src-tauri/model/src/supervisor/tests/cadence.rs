//! How often probes are performed.

use super::*;

#[test]
fn probes_are_quick_until_ready_slow_after_and_quick_again_in_doubt() {
    let mut bench = Bench::new(READY);
    assert_eq!(bench.up().launched("a").probes().len(), 1, "at once");
    bench.probed("a", ProbeRole::Ready, Verdict::Fail);
    assert_eq!(bench.after(250).probes().len(), 1, "again after 250 ms");
    bench.probed("a", ProbeRole::Ready, Verdict::Pass);
    assert_eq!(bench.after(28_000).probes().len(), 0, "then every 30 s");
    assert_eq!(bench.after(4_000).probes().len(), 1);
    bench.probed("a", ProbeRole::Ready, Verdict::Fail);
    assert_eq!(
        bench.after(250).probes().len(),
        1,
        "a failure is confirmed at once"
    );
}

#[test]
fn while_a_service_starts_it_is_asked_often_unless_asking_is_dear() {
    let waits = |yaml: &str, until: usize| {
        let mut bench = Bench::new(yaml);
        bench.up().launched("a");
        (0..until)
            .map(|_| {
                bench.probed("a", ProbeRole::Ready, Verdict::Fail);
                (1..)
                    .find(|_| !bench.after(50).probes().is_empty())
                    .map(|n| n * 50)
            })
            .collect::<Vec<Option<u64>>>()
    };
    let cheap = waits(READY, 110);
    assert_eq!(cheap[..3], [Some(250), Some(400), Some(400)]);
    assert_eq!(
        (cheap[99], cheap[100]),
        (Some(400), Some(5000)),
        "not for ever"
    );
    let dear = "  a: { process: a, probes: { ready: { exec: [check] } } }";
    assert_eq!(
        waits(dear, 4),
        [Some(250), Some(500), Some(1000), Some(2000)]
    );
}

#[test]
fn a_probe_that_hangs_is_not_asked_again_meanwhile() {
    let mut bench = Bench::new(READY);
    bench.up().launched("a");
    assert_eq!(
        bench
            .on(Event::ProbeNow {
                service: "a".into()
            })
            .probes()
            .len(),
        0
    );
    assert_eq!(bench.after(100_000).probes().len(), 0);
}
