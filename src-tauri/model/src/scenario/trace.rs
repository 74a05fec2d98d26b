//! The trace of an execution: its ids follow from the execution's number, so that a program
//! can be told its place in the trace before there is any span.

/// Id of the trace, 32 hexadecimal digits.
#[must_use]
pub fn trace_id(execution: &str) -> String {
    format!(
        "{:016x}{:016x}",
        hash(&[b"trace", execution.as_bytes()]),
        hash(&[b"2", execution.as_bytes()])
    )
}

/// Id of the span of a step, or of the whole, 16 hexadecimal digits.
#[must_use]
pub fn span_id(execution: &str, step: Option<usize>) -> String {
    let step = step.map_or_else(String::new, |step| step.to_string());
    format!(
        "{:016x}",
        hash(&[b"span", execution.as_bytes(), b"/", step.as_bytes()])
    )
}

/// The place in the trace as programs are told it (W3C Trace Context).
#[must_use]
pub fn traceparent(execution: &str, step: usize) -> String {
    format!(
        "00-{}-{}-01",
        trace_id(execution),
        span_id(execution, Some(step))
    )
}

/// FNV-1a of 64 bits; never 0, which no id may be.
fn hash(parts: &[&[u8]]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.iter());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_where_they_should_and_are_the_same_where_they_must() {
        assert_eq!(trace_id("1a-2"), trace_id("1a-2"));
        assert_ne!(trace_id("1a-2"), trace_id("1a-3"));
        assert_ne!(span_id("1a-2", None), span_id("1a-2", Some(0)));
        assert_ne!(span_id("1a-2", Some(1)), span_id("1a-2", Some(11)));
        let told = traceparent("1a-2", 3);
        assert_eq!(told.len(), 55);
        assert_eq!(told.split('-').nth(2), Some(&*span_id("1a-2", Some(3))));
    }
}
