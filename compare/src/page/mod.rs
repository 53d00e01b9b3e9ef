//! The page with all results: `PERFORMANCE.md`, its charts and its data.

mod chart;
mod machine;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::Result;
use crate::contestant::Side;
use crate::peers::{self, Bun};
use crate::table::{Row, Table, number, side};

/// Writes the page into a folder.
pub(crate) fn write(folder: &Path, tables: &[Table], bun: Option<&Bun>) -> Result<()> {
    let charts = folder.join("performance");
    fs::create_dir_all(&charts)?;
    let mut page = String::new();
    introduce(&mut page, bun)?;
    summarize(&mut page, tables)?;
    let mut data = String::from("table,unit,row,contestant,best,median\n");
    for table in tables {
        section(&mut page, table)?;
        fs::write(charts.join(format!("{}.svg", table.id)), chart::draw(table))?;
        record(&mut data, table)?;
    }
    fs::write(charts.join("results.csv"), data)?;
    fs::write(folder.join("PERFORMANCE.md"), page)?;
    println!("\nwritten: {}", folder.join("PERFORMANCE.md").display());
    Ok(())
}

fn introduce(page: &mut String, bun: Option<&Bun>) -> Result<()> {
    writeln!(
        page,
        "<!-- Written by `cargo xtask compare`. -->\n\n\
         # Performance\n\n\
         All implementations ran in turns in one run of `cargo xtask compare` ([how](../compare/README.md)), each \
         through the fastest interface that its documentation shows, with its default settings except \
         for limits of sizes. Every reply was checked. The implementations differ in features, and all \
         of them are good work: these numbers hold for these cases, on this machine.\n"
    )?;
    writeln!(page, "- Machine: {}", machine::describe())?;
    writeln!(page, "- Compiler: {}, release profile with LTO", machine::compiler())?;
    if let Some(commit) = machine::commit() {
        writeln!(page, "- ws-proto, ws-tokio and ws-hub at commit {commit}")?;
    }
    let mut versions: Vec<String> = peers::ALL
        .iter()
        .filter(|contestant| contestant.side == Side::Other)
        .filter_map(|contestant| contestant.package)
        .filter_map(|package| Some(format!("{package} {}", peers::version(package)?)))
        .collect();
    match bun {
        Some(bun) => versions.push(format!("uWebSockets in Bun {}", bun.version)),
        None => versions.push("uWebSockets was not available".to_owned()),
    }
    writeln!(page, "- Others: {}", versions.join(", "))?;
    writeln!(
        page,
        "- Floors: \"copy and XOR\" touches each byte without parsing; \"bare loop\" parses and validates, \
         without control frames, limits, deadlines or closing; \"raw epoll\" and \"raw Tokio\" rewrite \
         headers and unmask, without any check\n\n\
         Less is better in every table. The values are the best of several rounds; the factor in \
         parentheses is that to the best other implementation in the row, which is printed in *italics*. \
         Where ours are slower than that, the value is **bold**."
    )?;
    Ok(())
}

/// Counts the rows in which ours are ahead and behind, and lists those in which all of ours are behind.
fn summarize(page: &mut String, tables: &[Table]) -> Result<()> {
    let ours: Vec<&str> =
        peers::ALL.iter().filter(|it| it.side == Side::Ours).map(|it| it.name).collect();
    let rows = || tables.iter().flat_map(|table| table.rows.iter().map(move |row| (table, row)));
    writeln!(
        page,
        "\n## Summary\n\n| | rows ahead | rows behind | most behind |\n|---|---:|---:|---|"
    )?;
    for name in &ours {
        let ratios: Vec<_> =
            rows().filter_map(|(table, row)| Some((row.ratio(name)?, table, row))).collect();
        let behind = ratios.iter().filter(|(ratio, ..)| *ratio > 1.0).count();
        let most = ratios.iter().max_by(|(a, ..), (b, ..)| a.total_cmp(b));
        let most = most.filter(|(ratio, ..)| *ratio > 1.0).map_or_else(String::new, |it| {
            let (ratio, table, row) = it;
            format!("{ratio:.2}: {}, {}", table.title, row.name)
        });
        writeln!(page, "| {name} | {} | {behind} | {most} |", ratios.len() - behind)?;
    }
    let mut behind = Vec::new();
    for (table, row) in rows() {
        let best = ours.iter().filter_map(|name| row.ratio(name)).min_by(f64::total_cmp);
        if let (Some(ratio), Some((other, _))) =
            (best.filter(|ratio| *ratio > 1.0), row.best_other())
        {
            behind.push(format!("- {}, {}: {ratio:.2} of {other}", table.title, row.name));
        }
    }
    match &*behind {
        [] => writeln!(page, "\nIn every row one of ours is ahead.")?,
        behind => writeln!(page, "\nAll of ours are behind in:\n\n{}", behind.join("\n"))?,
    }
    Ok(())
}

fn section(page: &mut String, table: &Table) -> Result<()> {
    let contestants = table.contestants();
    writeln!(page, "\n## {}\n\n{} In {}.\n", table.title, table.about, table.unit)?;
    writeln!(page, "![{}](performance/{}.svg)\n", table.title, table.id)?;
    writeln!(page, "| | {} |", contestants.join(" | "))?;
    writeln!(page, "|---|{}", "---:|".repeat(contestants.len()))?;
    for row in &table.rows {
        let cells: Vec<String> = contestants.iter().map(|name| cell(row, name)).collect();
        writeln!(page, "| {} | {} |", row.name, cells.join(" | "))?;
    }
    if !table.notes.is_empty() {
        writeln!(page, "\n{}", table.notes.join("\n"))?;
    }
    Ok(())
}

/// A value as text; a dash if the contestant does not take part, or has failed.
fn cell(row: &Row, contestant: &str) -> String {
    let Some(value) = row.value(contestant) else { return "–".into() };
    let value = number(value);
    match (side(contestant), row.ratio(contestant)) {
        (Side::Ours, Some(ratio)) if ratio > 1.0 => format!("**{value}** ({ratio:.2})"),
        (Side::Ours, Some(ratio)) => format!("{value} ({ratio:.2})"),
        (Side::Other, Some(1.0)) => format!("*{value}*"),
        _ => value,
    }
}

fn record(data: &mut String, table: &Table) -> Result<()> {
    for row in &table.rows {
        for contestant in table.contestants() {
            let Some(samples) = row.samples(contestant) else { continue };
            let (best, median) = (samples.best(), samples.median());
            let Table { id, unit, .. } = table;
            writeln!(data, "{id},{unit},\"{}\",\"{contestant}\",{best:.3},{median:.3}", row.name)?;
        }
    }
    Ok(())
}
