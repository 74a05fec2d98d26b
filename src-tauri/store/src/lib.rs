//! SQLite: what is known of every run, kept for good.

pub mod row;
