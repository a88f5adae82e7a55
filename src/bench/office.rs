//! The office of the bench: the shipped example of a purchase, with its calendar and directory.

use std::collections::BTreeMap;

use crate::bench::BenchError;
use crate::calendar::Calendar;
use crate::clock::{Chance, Clock};
use crate::diagnostic::Diagnostic;
use crate::engine::{Engine, Keys};
use crate::ids::{FieldName, MachineHash, PersonId};
use crate::links::LinkKeys;
use crate::machine::check::check_files;
use crate::seal::MasterKeys;
use crate::source::SourceFile;
use crate::store::Store;

/// The event of every decision.
pub(super) const APPROVE: &str = "approve";
/// Who decides, one after the other, by their codes in the directory.
pub(super) const DECISIONS: [&str; 4] = ["MS-TP", "MS-KT", "MS-GD", "MS-MS"];
const STARTER: &str = "MS-DN";

const FILES: [(&str, &str); 9] = [
    ("purchase.yaml", include_str!("../../workflows/purchase/purchase.yaml")),
    ("purchase.en.yaml", include_str!("../../workflows/purchase/purchase.en.yaml")),
    ("limits.yaml", include_str!("../../workflows/purchase/limits.yaml")),
    ("units.csv", include_str!("../../workflows/purchase/directory/units.csv")),
    ("people.csv", include_str!("../../workflows/purchase/directory/people.csv")),
    ("posts.csv", include_str!("../../workflows/purchase/directory/posts.csv")),
    ("bodies.csv", include_str!("../../workflows/purchase/directory/bodies.csv")),
    ("seats.csv", include_str!("../../workflows/purchase/directory/seats.csv")),
    ("bindings.csv", include_str!("../../workflows/purchase/directory/bindings.csv")),
];
const CALENDAR: &str = include_str!("../../workflows/calendars/vn-civil-service.yaml");

/// An engine with everything deployed, and who does what.
#[derive(Debug)]
pub(super) struct Office {
    pub(super) engine: Engine,
    pub(super) machine: MachineHash,
    pub(super) starter: PersonId,
    pub(super) deciders: Vec<PersonId>,
    pub(super) fields: BTreeMap<FieldName, serde_json::Value>,
}

/// Deploys the workflow on a migrated, empty store. The keys are random and gone with the process.
pub(super) async fn open(store: Store, clock: Clock) -> Result<Office, BenchError> {
    let chance = Chance::system();
    let keys = Keys { links: LinkKeys::of_bytes(chance.bytes()), master: MasterKeys::of_bytes(chance.bytes()) };
    let engine = Engine::open(store, keys, clock, chance.clone()).await?;

    let file = SourceFile::new("vn-civil-service.yaml", CALENDAR);
    let (calendar, faults) = Calendar::read(&file);
    engine.put_calendar(&calendar.ok_or_else(|| faulty(&faults))?, &file).await?;
    let (directory, faults) = crate::directory::read(&shipped, &|_| PersonId::new(chance.id()));
    let directory = directory.ok_or_else(|| faulty(&faults))?;
    let person = |code: &str| {
        let person = directory.person_by_code(code).map(|person| person.id.clone());
        person.ok_or_else(|| BenchError::Workflow(format!("there is no person `{code}`")))
    };
    let starter = person(STARTER)?;
    let deciders = DECISIONS.iter().map(|code| person(code)).collect::<Result<_, _>>()?;
    engine.put_directory(directory.clone()).await?;
    let main = shipped("purchase.yaml").ok_or_else(|| BenchError::Workflow("it is missing".to_owned()))?;
    let checked = check_files(&main, &shipped);
    let machine = checked.machine.ok_or_else(|| faulty(&checked.diagnostics))?;
    engine.deploy(&machine, &checked.sources).await?;

    let fields = serde_json::json!({
        "item": "Máy quét tài liệu cho phòng lưu trữ, loại hai mặt",
        "amount": 48_500_000,
        "unit": "CTY-KT",
        "budget_line": "6950 - thiết bị",
    });
    let fields = serde_json::from_value(fields).map_err(|error| BenchError::Workflow(error.to_string()))?;
    Ok(Office { engine, machine: machine.hash().clone(), starter, deciders, fields })
}

fn shipped(name: &str) -> Option<SourceFile> {
    FILES.iter().find(|(known, _)| *known == name).map(|(name, text)| SourceFile::new(*name, *text))
}

fn faulty(faults: &[Diagnostic]) -> BenchError {
    BenchError::Workflow(faults.iter().map(|fault| fault.message("en")).collect::<Vec<_>>().join("; "))
}
