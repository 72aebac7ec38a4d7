//! Results as JUnit XML, as CI systems read it.

use std::io;

use quick_xml::{
    Writer,
    events::{BytesDecl, Event},
};
use signalbox_cases::{CaseResult, Counts, Outcome};
use signalbox_testkit::{Broken, LawReport, case_line};

use super::{Tested, coverage::Coverage, mutation::Mutation};
use crate::show;

pub(in crate::command) type Xml = Writer<Vec<u8>>;

/// A suite for each file, and one more each for its mutants and for the laws.
pub(super) fn document(tested: &[Tested]) -> anyhow::Result<String> {
    suites("signalbox test", |xml| {
        tested.iter().try_for_each(|file| {
            cases(xml, file)?;
            let mutation = file.mutation.as_ref();
            mutation.map_or(Ok(()), |it| mutants(xml, &file.name, it))?;
            let report = file.laws.as_ref();
            report.map_or(Ok(()), |it| laws(xml, &file.name, it))
        })
    })
}

/// A document of suites, under the name of a command.
pub(in crate::command) fn suites(
    command: &str,
    content: impl FnOnce(&mut Xml) -> io::Result<()>,
) -> anyhow::Result<String> {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    xml.create_element("testsuites")
        .with_attribute(("name", command))
        .write_inner_content(content)?;
    Ok(String::from_utf8(xml.into_inner())?)
}

fn cases(xml: &mut Xml, file: &Tested) -> io::Result<()> {
    let counts = file.report.counts();
    suite(xml, &file.name, file.report.results.len(), counts, |xml| {
        if let Some(coverage) = &file.coverage {
            properties(xml, coverage)?;
        }
        let mut results = file.report.results.iter();
        results.try_for_each(|result| case(xml, &file.name, result))
    })
}

fn case(xml: &mut Xml, file: &str, result: &CaseResult) -> io::Result<()> {
    let outcome = match &result.outcome {
        Outcome::Pass => None,
        Outcome::Skipped(why) => Some(("skipped", why.clone())),
        Outcome::Error(why) => Some(("error", why.clone())),
        Outcome::Fail {
            expected,
            actual,
            by,
        } => {
            let by = by.as_ref().map(|by| format!(", by {by}"));
            let by = by.unwrap_or_default();
            Some(("failure", format!("expected {expected}, got {actual}{by}")))
        }
    };
    test_case(xml, file, &result.name, outcome)
}

/// A test for each mutant, which fails if that survived.
fn mutants(xml: &mut Xml, file: &str, mutation: &Mutation) -> io::Result<()> {
    let failed = mutation.survivors().count();
    let total = mutation.mutants.len();
    let counts = Counts {
        failed,
        passed: total - failed,
        ..Counts::default()
    };
    suite(xml, &format!("{file}: mutants"), total, counts, |xml| {
        mutation.mutants.iter().try_for_each(|it| {
            let name = format!("{}: {}: {}", it.place, it.rule, it.change);
            let help = || ("failure", format!("no case notices: {}", it.help));
            let survived = it.noticed_by.is_none().then(help);
            test_case(xml, file, &name, survived)
        })
    })
}

/// A test for each law, which fails if that is broken.
fn laws(xml: &mut Xml, file: &str, report: &LawReport) -> io::Result<()> {
    let (total, failed) = (report.results.len(), report.broken().count());
    let counts = Counts {
        failed,
        passed: total - failed,
        ..Counts::default()
    };
    suite(xml, &format!("{file}: laws"), total, counts, |xml| {
        report.results.iter().try_for_each(|it| {
            let text =
                |broken: &Broken| format!("{}: {}", broken.why, case_line(&broken.to_case()));
            let broken = it.broken.as_ref().map(|broken| ("failure", text(broken)));
            test_case(xml, file, it.law.word(), broken)
        })
    })
}

pub(in crate::command) fn suite(
    xml: &mut Xml,
    name: &str,
    tests: usize,
    counts: Counts,
    content: impl FnOnce(&mut Xml) -> io::Result<()>,
) -> io::Result<()> {
    let numbers = [
        ("tests", tests),
        ("failures", counts.failed),
        ("errors", counts.errors),
        ("skipped", counts.skipped),
    ];
    let numbers = numbers.map(|(name, number)| (name, number.to_string()));
    xml.create_element("testsuite")
        .with_attribute(("name", &*readable(name)))
        .with_attributes(numbers.iter().map(|(name, number)| (*name, &**number)))
        .write_inner_content(content)?;
    Ok(())
}

fn properties(xml: &mut Xml, coverage: &Coverage) -> io::Result<()> {
    xml.create_element("properties")
        .write_inner_content(|xml| {
            coverage.parts.iter().try_for_each(|part| {
                let name = format!("coverage.{}", part.name);
                let percent = part.percent().to_string();
                xml.create_element("property")
                    .with_attributes([("name", &*name), ("value", &*percent)])
                    .write_empty()?;
                Ok(())
            })
        })?;
    Ok(())
}

/// `outcome` is an element and its message; nothing for a test that passed.
pub(in crate::command) fn test_case(
    xml: &mut Xml,
    file: &str,
    name: &str,
    outcome: Option<(&str, String)>,
) -> io::Result<()> {
    let (file, name) = (readable(file), readable(name));
    let case = xml.create_element("testcase");
    let case = case.with_attributes([("classname", &*file), ("name", &*name)]);
    let Some((element, message)) = outcome else {
        case.write_empty()?;
        return Ok(());
    };
    case.write_inner_content(|xml| {
        xml.create_element(element)
            .with_attribute(("message", &*readable(&message)))
            .write_empty()?;
        Ok(())
    })?;
    Ok(())
}

/// On one line, and without what XML has no place for, not even escaped.
fn readable(text: &str) -> String {
    show::plain(text).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}
