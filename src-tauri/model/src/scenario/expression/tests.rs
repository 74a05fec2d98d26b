//! Expressions: what they come to, and what is said where they are none.

use super::*;
use proptest::prelude::*;

fn lookup(name: &[String]) -> Result<Value, String> {
    match name.join(".").as_str() {
        "throughput" => Ok(Value::Number(60_000.0)),
        "steps.load-test.metrics.p99" => Ok(Value::Number(12.5)),
        "steps.load-test.status" => Ok(Value::Text("passed".to_owned())),
        "vars.ready" => Ok(Value::Flag(true)),
        other => Err(format!("there is no metric `{other}`")),
    }
}

fn value(text: &str) -> Result<Value, String> {
    let expression = Expression::parse(text).map_err(|fault| fault.message)?;
    expression.evaluate(&lookup)
}

#[test]
fn expressions_come_to_what_they_say() {
    for (text, expected) in [
        ("throughput > 50000", Value::Flag(true)),
        (
            "throughput > 50_000 && throughput < 6.1e4",
            Value::Flag(true),
        ),
        ("1 + 2 * 3", Value::Number(7.0)),
        ("(1 + 2) * 3", Value::Number(9.0)),
        ("10 - 2 - 3", Value::Number(5.0)),
        ("-2 * -3", Value::Number(6.0)),
        ("7 % 4", Value::Number(3.0)),
        ("!vars.ready || 2 >= 2", Value::Flag(true)),
        ("steps.load-test.metrics.p99 <= 12.5", Value::Flag(true)),
        ("steps.load-test.status == 'passed'", Value::Flag(true)),
        ("'a' + \"b\"", Value::Text("ab".to_owned())),
        // What decides nothing is not looked at.
        ("vars.ready || nothing > 1", Value::Flag(true)),
    ] {
        assert_eq!(value(text), Ok(expected), "{text}");
    }
}

#[test]
fn what_is_wrong_is_said_in_a_sentence() {
    for (text, expected) in [
        ("", "a value is missing at the end"),
        ("throughput >", "a value is missing at the end"),
        ("throughput = 5", "`=` sets nothing here; `==` compares"),
        ("1 < 2 < 3", "two comparisons in a row; join them with `&&`"),
        ("(1 + 2", "a bracket is never closed"),
        ("'a", "a quote is never closed"),
        ("200ms", "`200ms` is not a number"),
        ("a..b", "`a..b` is not a name"),
        ("1 § 2", "`§` is not expected here"),
        ("nothing > 1", "there is no metric `nothing`"),
        (
            "vars.ready > 1",
            "`vars.ready > 1`: `>` does not take true and the number 1",
        ),
        ("-vars.ready", "`vars.ready` must be a number, but is true"),
    ] {
        assert_eq!(value(text), Err(expected.to_owned()), "{text}");
    }
    let number = Expression::parse("1 + 1").expect("an expression");
    let said = number.holds(&lookup).expect_err("no flag");
    assert!(said.contains("compare it with something"), "{said}");
}

#[test]
fn depth_and_length_are_bounded() {
    for text in [
        "(".repeat(500),
        "!".repeat(1_500),
        "-".repeat(1_500),
        "1+".repeat(900) + "1",
        "1".repeat(LONGEST + 1),
    ] {
        assert!(Expression::parse(&text).is_err(), "{}", &text[..20]);
    }
    let fits = "(".repeat(50) + "1" + &")".repeat(50);
    assert_eq!(value(&fits), Ok(Value::Number(1.0)));
}

#[test]
fn texts_of_the_file_become_the_values_they_read_like() {
    assert_eq!(Value::of_text("10_000"), Value::Number(10_000.0));
    assert_eq!(Value::of_text("true"), Value::Flag(true));
    assert_eq!(Value::of_text("1.2.3"), Value::Text("1.2.3".to_owned()));
    assert_eq!(Value::of_text("e"), Value::Text("e".to_owned()));
    assert_eq!(Value::of_text(""), Value::Text(String::new()));
    assert_eq!(Value::Number(1e6).to_string(), "1000000");
}

fn any_expression() -> impl Strategy<Value = Expression> {
    let leaf = prop_oneof![
        (0.0..1e9f64).prop_map(Expression::Number),
        any::<bool>().prop_map(Expression::Flag),
        "[a-z ]{0,6}".prop_map(Expression::Text),
        proptest::collection::vec("[a-z][a-z0-9_-]{0,5}", 1..4)
            .prop_filter("a flag is no name", |name| {
                name.len() > 1 || !["true", "false"].contains(&name[0].as_str())
            })
            .prop_map(Expression::Name),
    ];
    leaf.prop_recursive(5, 40, 2, |inner| {
        let operator = proptest::sample::select(Operator::ALL.to_vec());
        prop_oneof![
            inner.clone().prop_map(|e| Expression::Not(Box::new(e))),
            inner.clone().prop_map(|e| Expression::Minus(Box::new(e))),
            (operator, inner.clone(), inner).prop_map(|(o, a, b)| Expression::Two(
                o,
                Box::new(a),
                Box::new(b)
            )),
        ]
    })
}

proptest! {
    /// What is written as text is read as the same.
    #[test]
    fn an_expression_survives_its_text(expression in any_expression()) {
        let text = expression.to_string();
        prop_assert_eq!(Expression::parse(&text), Ok(expression), "{}", text);
    }

    /// Whatever is typed, there is an answer, and a fault lies within the text.
    #[test]
    fn any_text_has_an_answer(text in "[ a-z0-9.()<>=!&|+*/%'\"_-]{0,60}|\\PC{0,40}") {
        match Expression::parse(&text) {
            Ok(expression) => { _ = expression.evaluate(&lookup); }
            Err(fault) => prop_assert!(fault.at <= text.chars().count()),
        }
    }

    /// Arithmetic is that of numbers.
    #[test]
    fn sums_and_products_are_right(a in 0u32..10_000, b in 0u32..10_000, c in 1u32..100) {
        let text = format!("{a} + {b} * {c} - {a} > {b}");
        let expected = u64::from(a) + u64::from(b) * u64::from(c) - u64::from(a) > u64::from(b);
        prop_assert_eq!(value(&text), Ok(Value::Flag(expected)));
    }
}
