//! What an expression comes to.

use super::{Expression, Lookup, Operator, Value};

pub(super) fn evaluate(expression: &Expression, lookup: Lookup<'_>) -> Result<Value, String> {
    Ok(match expression {
        Expression::Number(number) => Value::Number(*number),
        Expression::Text(text) => Value::Text(text.clone()),
        Expression::Flag(flag) => Value::Flag(*flag),
        Expression::Name(name) => lookup(name)?,
        Expression::Not(inner) => Value::Flag(!flag(inner, lookup)?),
        Expression::Minus(inner) => Value::Number(-number(inner, lookup)?),
        // The second is not looked at where the first decides.
        Expression::Two(Operator::Or, a, b) => Value::Flag(flag(a, lookup)? || flag(b, lookup)?),
        Expression::Two(Operator::And, a, b) => Value::Flag(flag(a, lookup)? && flag(b, lookup)?),
        Expression::Two(operator, a, b) => {
            let (left, right) = (evaluate(a, lookup)?, evaluate(b, lookup)?);
            two(*operator, left, right)
                .map_err(|(left, right)| unfit(expression, *operator, &left, &right))?
        }
    })
}

/// The values again where they do not fit the operator.
fn two(operator: Operator, left: Value, right: Value) -> Result<Value, (Value, Value)> {
    use Operator as Op;
    use Value::{Flag, Number, Text};
    Ok(match (operator, left, right) {
        (Op::Equal, Number(a), Number(b)) => Flag(a == b),
        (Op::Equal, Text(a), Text(b)) => Flag(a == b),
        (Op::Equal, Flag(a), Flag(b)) => Flag(a == b),
        (Op::Unequal, Number(a), Number(b)) => Flag(a != b),
        (Op::Unequal, Text(a), Text(b)) => Flag(a != b),
        (Op::Unequal, Flag(a), Flag(b)) => Flag(a != b),
        (Op::Less, Number(a), Number(b)) => Flag(a < b),
        (Op::AtMost, Number(a), Number(b)) => Flag(a <= b),
        (Op::More, Number(a), Number(b)) => Flag(a > b),
        (Op::AtLeast, Number(a), Number(b)) => Flag(a >= b),
        (Op::Plus, Number(a), Number(b)) => Number(a + b),
        (Op::Plus, Text(a), Text(b)) => Text(a + &b),
        (Op::Minus, Number(a), Number(b)) => Number(a - b),
        (Op::Times, Number(a), Number(b)) => Number(a * b),
        (Op::Over, Number(a), Number(b)) => Number(a / b),
        (Op::Remainder, Number(a), Number(b)) => Number(a % b),
        (_, left, right) => return Err((left, right)),
    })
}

fn unfit(expression: &Expression, operator: Operator, left: &Value, right: &Value) -> String {
    format!(
        "`{expression}`: `{}` does not take {} and {}",
        operator.sign(),
        left.describe(),
        right.describe()
    )
}

fn number(expression: &Expression, lookup: Lookup<'_>) -> Result<f64, String> {
    match evaluate(expression, lookup)? {
        Value::Number(number) => Ok(number),
        other => Err(format!(
            "`{expression}` must be a number, but is {}",
            other.describe()
        )),
    }
}

fn flag(expression: &Expression, lookup: Lookup<'_>) -> Result<bool, String> {
    match evaluate(expression, lookup)? {
        Value::Flag(flag) => Ok(flag),
        other => Err(format!(
            "`{expression}` must be true or false, but is {}",
            other.describe()
        )),
    }
}
