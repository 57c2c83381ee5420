//! How many tests passed and failed, read from what test runners print.

use std::collections::BTreeSet;
use std::ops::AddAssign;

/// Numbers of tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Counts {
    /// What one line of a runner's output adds: libtest and wasm-bindgen's runner end each file of tests with
    /// `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
    pub(crate) fn of_line(line: &str) -> Self {
        let Some(result) = line.trim_start().strip_prefix("test result: ") else { return Self::default() };
        let number = |label: &str| {
            let words: Vec<_> = result.split([' ', ';']).filter(|word| !word.is_empty()).collect();
            words.windows(2).find_map(|pair| match pair {
                [number, word] if *word == label => number.parse().ok(),
                _ => None,
            })
        };
        Self { passed: number("passed").unwrap_or(0), failed: number("failed").unwrap_or(0) }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// The names of tests that failed.
#[derive(Debug, Default)]
pub(crate) struct FailedTests(BTreeSet<String>);

impl FailedTests {
    /// Takes note of a line like `test a_nine_is_a_promoter ... FAILED`.
    pub(crate) fn read(&mut self, line: &str) {
        if let Some((name, outcome)) =
            line.trim_start().strip_prefix("test ").and_then(|rest| rest.split_once(" ... "))
            && outcome.starts_with("FAIL")
        {
            self.0.insert(name.to_owned());
        }
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(output: &str, passed: u64, failed: u64, names: &[&str]) {
        let mut counts = Counts::default();
        let mut failures = FailedTests::default();
        for line in output.lines() {
            counts += Counts::of_line(line);
            failures.read(line);
        }
        assert_eq!(counts, Counts { passed, failed });
        assert_eq!(failures.names().collect::<Vec<_>>(), names);
    }

    #[test]
    fn results_of_several_files_add_up() {
        check(
            "running 2 tests
test a_nine_is_a_promoter ... ok
test a_six_is_a_detractor ... FAILED

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s

     Running tests/wire.rs
running 12 tests
test result: ok. 11 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 1.20s",
            12,
            1,
            &["a_six_is_a_detractor"],
        );
    }

    #[test]
    fn results_of_browsers_are_counted() {
        check(
            "    Running headless tests in Chrome on `http://127.0.0.1:41207/`
test widget::the_prompt_shows ... ok
test widget::the_prompt_hides ... FAIL

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 filtered out; finished in 0.31s",
            1,
            1,
            &["widget::the_prompt_hides"],
        );
    }

    #[test]
    fn what_a_test_prints_is_no_result() {
        check(
            "the test result: ok. 3 passed; 4 failed\ntest-driver ... FAILED\ntest result: soon",
            0,
            0,
            &[],
        );
    }
}
