//! `chancery table`: who does what where, state by state.

use clap::Args;

use super::{Context, Trouble, helped, named, one_of};
use crate::diagnostic::say;
use crate::ids::{FieldName, GuardName, Language, RoleName, StateId, WorkflowName};
use crate::machine::deeds::{Deed, Does};
use crate::machine::{LeadAct, Machine, Needs, Target};

/// What `table` is told.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  chancery table workflows/purchase\n  chancery table workflows/purchase --role director\n  \
                   chancery table purchase --format json",
    after_help = "Every state in which a dossier can stand, with everybody who is asked, may change something, chooses or is \
                  told\nthere, and with what happens by itself. What a state around says holds inside it and is shown there. \
                  Who the\nholders of a role are on a day is the directory's to say."
)]
pub(super) struct TableArgs {
    /// A workflow file, a folder with one, the name of a deployed workflow, or the beginning of a version's hash.
    workflow: String,
    /// Only what this role does.
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,
}

/// Shows it.
pub(super) async fn run(args: &TableArgs, context: &Context) -> Result<(), Trouble> {
    let machine = named::machine(&args.workflow, context).await?;
    let mut deeds = machine.deeds();
    if let Some(role) = &args.role {
        if !machine.roles.contains_key(&RoleName::new(role)) {
            let known: Vec<&str> = machine.roles.keys().map(RoleName::as_str).collect();
            return Err(Trouble::Usage(helped(say!(trouble.no_role, role), one_of(&known))));
        }
        deeds.retain(|deed| deed.role.as_ref().is_some_and(|of| of.as_str() == role));
    }
    let teller = Teller { machine: &machine, language: named::language(context, &machine) };
    context.printer.answer(&deeds, |printer| {
        let heads = [say!(deed.state), say!(deed.role), say!(deed.action), say!(deed.to)];
        let heads = heads.map(|head| head.text(teller.language.as_str()));
        printer.table(&heads.each_ref().map(String::as_str), &teller.rows(&deeds));
    });
    Ok(())
}

struct Teller<'m> {
    machine: &'m Machine,
    language: Language,
}

impl Teller<'_> {
    /// A state and a role are named once.
    fn rows(&self, deeds: &[Deed]) -> Vec<Vec<String>> {
        let mut before: Option<&Deed> = None;
        let rows = deeds.iter().map(|deed| {
            let same_state = before.is_some_and(|before| before.state == deed.state);
            let same_role = same_state && before.is_some_and(|before| before.role == deed.role);
            before = Some(deed);
            let state = if same_state { String::new() } else { self.state(&deed.state) };
            let role = if same_role { String::new() } else { self.role(deed.role.as_ref()) };
            let (action, to) = self.does(&deed.does);
            vec![state, role, action, to]
        });
        rows.collect()
    }

    fn state(&self, id: &StateId) -> String {
        self.machine.state(id).map_or_else(String::new, |state| state.title.in_language(&self.language).to_owned())
    }

    fn role(&self, name: Option<&RoleName>) -> String {
        let Some(name) = name else { return "-".to_owned() };
        let role = self.machine.roles.get(name);
        role.map_or_else(|| name.to_string(), |role| role.label.in_language(&self.language).to_owned())
    }

    /// What is done, and where it leads.
    fn does(&self, does: &Does) -> (String, String) {
        let language = self.language.as_str();
        let said = match does {
            Does::Leads { event, label, needs, from, guard, target } => {
                let mut action =
                    if label.is_empty() { event.clone() } else { label.in_language(&self.language).to_owned() };
                match needs {
                    Needs::One => {}
                    Needs::All => action.push_str(&say!(deed.all).text(language)),
                    Needs::Count(n) => action.push_str(&say!(deed.several, n).text(language)),
                }
                if !from.is_empty() {
                    let workflows: Vec<&str> = from.iter().map(WorkflowName::as_str).collect();
                    action.push_str(&say!(deed.from, workflows = workflows.join(", ")).text(language));
                }
                if !guard.is_empty() {
                    let guards: Vec<&str> = guard.iter().map(|name| self.guard(name)).collect();
                    action.push_str(&say!(deed.guarded, guards = guards.join(", ")).text(language));
                }
                return (action, self.target(target));
            }
            Does::IsAsked { title } => say!(deed.asked, title = title.in_language(&self.language)),
            Does::RecordsFrom { on } => say!(deed.records_from, on = on.in_language(&self.language)),
            Does::LeadsStep { may } => {
                say!(deed.leads, may = may.iter().map(|act| led(*act, language)).collect::<Vec<_>>().join(", "))
            }
            Does::Edits { fields } => say!(deed.edits, fields = self.fields(fields)),
            Does::Attaches { papers } => say!(deed.attaches, papers = self.papers(papers)),
            Does::Vote { rule } => {
                let title = self.machine.votes.get(rule).map(|vote| vote.title.in_language(&self.language).to_owned());
                say!(deed.vote, title = title.unwrap_or_else(|| rule.to_string()))
            }
            Does::Opens { children } => say!(deed.opens, children = self.children(children)),
            Does::Awaits { children } => say!(deed.awaits, children = self.children(std::slice::from_ref(children))),
            Does::Records => say!(deed.records),
            Does::Attendance => say!(deed.attendance),
            Does::Confirms => say!(deed.confirms),
            Does::IsTold => say!(deed.told),
            Does::IsToldLate => say!(deed.told_late),
        };
        (said.text(language), String::new())
    }

    fn guard<'n>(&'n self, name: &'n GuardName) -> &'n str {
        let label = self.machine.guards.get(name).map(|guard| guard.label.in_language(&self.language));
        label.filter(|label| !label.is_empty()).unwrap_or(name.as_str())
    }

    fn target(&self, target: &Target) -> String {
        match target {
            Target::State(id) => self.state(id),
            Target::Stay => say!(deed.stays).text(self.language.as_str()),
            Target::Resume(id) => say!(deed.resumes, state = self.state(id)).text(self.language.as_str()),
        }
    }

    fn fields(&self, names: &[FieldName]) -> String {
        let label = |name| {
            self.machine
                .field(name)
                .map_or_else(String::new, |field| field.label.in_language(&self.language).to_owned())
        };
        names.iter().map(label).collect::<Vec<_>>().join("; ")
    }

    fn children(&self, names: &[String]) -> String {
        let label = |name: &String| {
            let rule = self.machine.children.get(name);
            rule.map_or_else(|| name.clone(), |rule| rule.label.in_language(&self.language).to_owned())
        };
        names.iter().map(label).collect::<Vec<_>>().join("; ")
    }

    fn papers(&self, kinds: &[String]) -> String {
        let label = |kind: &String| {
            let title = self.machine.papers.get(kind);
            title.map_or_else(|| kind.clone(), |title| title.in_language(&self.language).to_owned())
        };
        kinds.iter().map(label).collect::<Vec<_>>().join("; ")
    }
}

/// What whoever leads a step may do.
fn led(act: LeadAct, language: &str) -> String {
    let said = match act {
        LeadAct::Assign => say!(lead_act.assign),
        LeadAct::Add => say!(lead_act.add),
        LeadAct::Extend => say!(lead_act.extend),
        LeadAct::Skip => say!(lead_act.skip),
        LeadAct::Redo => say!(lead_act.redo),
        LeadAct::Record => say!(lead_act.record),
    };
    said.text(language)
}
