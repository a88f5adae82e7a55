//! What somebody asks for. Web, links, CLI and scheduler all make one of these and hand it to `engine.handle`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Attends, Choice, Dossier, Message, Paper, PaperTally, Recipient, RowStatus};
use crate::ids::{ActivationId, DossierId, EventName, FieldName, MachineHash, OperationId, PersonId};
use crate::machine::mapping::Mapping;
use crate::machine::{Proofs, Retention, RowEvents};

/// One request to change one dossier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Command {
    /// The same id again gets the first answer; another command under the same id is refused.
    pub operation: OperationId,
    /// Which dossier.
    pub dossier: DossierId,
    /// Who asks.
    pub actor: Actor,
    /// What for.
    pub ask: Ask,
}

impl Command {
    /// By which a dossier consumes a message.
    pub fn receiving(message: &Message, dossier: DossierId) -> Self {
        let (operation, actor) = (message.operation(), Actor::Dossier(message.from.clone()));
        Self { operation, dossier, actor, ask: Ask::Receive(message.clone()) }
    }

    /// By which a list or a child is opened because of a message to it; none if the message is to a dossier that there is.
    pub fn opening(message: &Message, dossier: DossierId, machine: MachineHash) -> Option<Self> {
        let (fields, gather_key) = match &message.to {
            Recipient::Dossier(_) => return None,
            Recipient::New { fields, .. } => (fields, None),
            Recipient::List { key, fields, .. } => (fields, Some(key.clone())),
        };
        let start = Start {
            machine,
            fields: fields.clone(),
            papers: Vec::new(),
            gather_key,
            first: Some(message.clone()),
            import_key: None,
        };
        let (operation, actor) = (message.operation(), Actor::Dossier(message.from.clone()));
        Some(Self { operation, dossier, actor, ask: Ask::Start(start) })
    }

    /// By which a dossier does what is due next; none if nothing ever is. The same due time of the same state of a dossier
    /// is always the same operation, whoever sees it.
    pub fn tick(dossier: &Dossier) -> Option<Self> {
        let due_at = dossier.next_due_at()?;
        let operation = OperationId::new(format!("tick:{}:{}:{}", dossier.id, dossier.seq, due_at.0));
        Some(Self { operation, dossier: dossier.id.clone(), actor: Actor::Clock, ask: Ask::Tick })
    }
}

/// Who asks, and how we know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// A person, by a link that was sent to them.
    Link(PersonId),
    /// The same, with the number that reached them another way than the link.
    LinkPin(PersonId),
    /// A person who has signed in.
    Session(PersonId),
    /// The same, with the number that reached them another way than a mail.
    SessionPin(PersonId),
    /// An operator of the server, on behalf of a person; never for ballots.
    Operator {
        /// The operator's name on the machine.
        operator: String,
        /// For whom.
        person: PersonId,
    },
    /// An import that an operator runs.
    Import {
        /// The operator's name on the machine.
        operator: String,
    },
    /// An operator of the server, who takes dossiers over to another version of their workflow.
    Migration {
        /// The operator's name on the machine.
        operator: String,
    },
    /// Whoever looks at a public page.
    Public,
    /// Somebody from outside who has shown that they read a mailbox. They open a dossier; in it they are a person of its own.
    Caller(Caller),
    /// The clock.
    Clock,
    /// Another dossier's message.
    Dossier(DossierId),
}

impl Actor {
    /// The person who acts, if one does.
    pub fn person(&self) -> Option<&PersonId> {
        match self {
            Self::Link(person)
            | Self::LinkPin(person)
            | Self::Session(person)
            | Self::SessionPin(person)
            | Self::Operator { person, .. } => Some(person),
            Self::Import { .. }
            | Self::Migration { .. }
            | Self::Public
            | Self::Caller(_)
            | Self::Clock
            | Self::Dossier(_) => None,
        }
    }

    /// What whoever asks has shown besides a link; nothing for what is no person. An operator has signed in to the machine, and
    /// needs no number there.
    pub fn shown(&self) -> Proofs {
        match self {
            Self::LinkPin(_) => Proofs { number: true, session: false },
            Self::Session(_) => Proofs { number: false, session: true },
            Self::SessionPin(_) | Self::Operator { .. } | Self::Import { .. } | Self::Migration { .. } => Proofs::ALL,
            Self::Link(_) | Self::Public | Self::Caller(_) | Self::Clock | Self::Dossier(_) => Proofs::default(),
        }
    }

    /// A person who has shown this.
    pub fn of_person(person: PersonId, shown: Proofs) -> Self {
        match (shown.number, shown.session) {
            (false, false) => Self::Link(person),
            (true, false) => Self::LinkPin(person),
            (false, true) => Self::Session(person),
            (true, true) => Self::SessionPin(person),
        }
    }

    /// Who it was, as far as an event's header says it.
    pub fn of_header(header: &str) -> Self {
        let Some((how, id)) = header.split_once(':') else {
            let operator = String::new();
            return match header {
                "import" => Self::Import { operator },
                "migration" => Self::Migration { operator },
                "public" => Self::Public,
                _ => Self::Clock,
            };
        };
        let person = PersonId::from(id);
        match how {
            "link" => Self::Link(person),
            "link+pin" => Self::LinkPin(person),
            "session" => Self::Session(person),
            "session+pin" => Self::SessionPin(person),
            "dossier" => Self::Dossier(id.into()),
            _ => Self::Operator { operator: String::new(), person },
        }
    }

    /// How it stands in an event's header: no names, only random ids (`link:ID`, `operator:ID`, `clock`).
    pub fn header(&self) -> String {
        match self {
            Self::Link(person) => format!("link:{person}"),
            Self::LinkPin(person) => format!("link+pin:{person}"),
            Self::Session(person) => format!("session:{person}"),
            Self::SessionPin(person) => format!("session+pin:{person}"),
            Self::Operator { person, .. } => format!("operator:{person}"),
            Self::Import { .. } => "import".to_owned(),
            Self::Migration { .. } => "migration".to_owned(),
            // Who they are stands in no header; once the dossier knows them they are a person.
            Self::Public | Self::Caller(_) => "public".to_owned(),
            Self::Clock => "clock".to_owned(),
            Self::Dossier(dossier) => format!("dossier:{dossier}"),
        }
    }
}

/// Somebody from outside who opens a dossier, at a mailbox that they have shown to read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// Who they say they are.
    pub name: String,
    /// Their mailbox.
    pub mail: String,
    /// The language they read.
    pub language: String,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// Open a dossier.
    Start(Start),
    /// One of the active state's events, by a person.
    Act(Act),
    /// An answer of somebody who is asked, prepared by their assistant.
    Prepare(Prepare),
    /// Change fields and papers without moving on.
    Edit {
        /// The entry in which the person stands; a page of an earlier one is refused.
        activation: ActivationId,
        /// New values; null takes a value away.
        fields: BTreeMap<FieldName, serde_json::Value>,
        /// New papers.
        papers: Vec<Paper>,
    },
    /// One of those who are asked takes the task over.
    Claim {
        /// The entry.
        activation: ActivationId,
    },
    /// Whoever took it over gives it back.
    Release {
        /// The entry.
        activation: ActivationId,
    },
    /// The task, or one person's part of it, is given to somebody.
    Assign {
        /// The entry.
        activation: ActivationId,
        /// Whose part; none for the whole of it.
        from: Option<PersonId>,
        /// To whom.
        to: PersonId,
        /// Why.
        reason: Option<String>,
    },
    /// One more person is asked.
    Add {
        /// The entry.
        activation: ActivationId,
        /// Who.
        person: PersonId,
        /// Why.
        reason: String,
    },
    /// The deadline is put off.
    Extend {
        /// The entry.
        activation: ActivationId,
        /// To the end of this day.
        until: jiff::civil::Date,
        /// Why.
        reason: String,
    },
    /// The step is gone on from without it.
    Skip {
        /// The entry.
        activation: ActivationId,
        /// Why.
        reason: String,
    },
    /// What somebody who is asked said on paper is written down.
    Record(Record),
    /// A link is asked for, by which to object to what is posted.
    Knock(Knock),
    /// Somebody objects to what is posted.
    Object(Object),
    /// An objection that came on paper is written down.
    Hear(Hear),
    /// An objection is settled.
    Settle(Settle),
    /// The step is done anew.
    Redo {
        /// The entry.
        activation: ActivationId,
        /// Why.
        reason: String,
    },
    /// A ballot sheet: choices per row. They reach the box and nothing else.
    Cast {
        /// The vote.
        activation: ActivationId,
        /// Every row that the member may vote on.
        choices: BTreeMap<DossierId, Choice>,
    },
    /// Who is there at a vote.
    Attend {
        /// The vote.
        activation: ActivationId,
        /// Of everybody on the roll.
        seats: BTreeMap<PersonId, Attends>,
        /// Too few have come, and nobody is waited for any longer: the vote ends without a quorum.
        too_few: bool,
        /// The dossier's last event that whoever records it has seen: what was recorded since is not overwritten.
        seen: i64,
    },
    /// Tallies of a vote held on paper.
    Tally {
        /// The vote.
        activation: ActivationId,
        /// Per row.
        rows: BTreeMap<DossierId, PaperTally>,
    },
    /// The second person confirms the tallies, or does not (they are then recorded again).
    Confirm {
        /// The vote.
        activation: ActivationId,
        /// They are right.
        agrees: bool,
        /// The dossier's last event when the page was made; what was recorded after it was not seen.
        seen: i64,
    },
    /// Put right what was submitted.
    Correct(Correct),
    /// Write a note beside the dossier.
    Note {
        /// The thread.
        thread: String,
        /// What.
        text: String,
        /// Papers, each of the kind that the thread is.
        papers: Vec<Paper>,
    },
    /// Say that one has read it.
    Acknowledge {
        /// The entry in which one is asked.
        activation: ActivationId,
        /// The dossier's last event when the page was made.
        seen: Option<i64>,
    },
    /// Withdraw the latest result, which was recorded wrongly.
    Withdraw {
        /// The vote.
        vote: ActivationId,
        /// Why.
        reason: String,
    },
    /// Go over to another version of the workflow.
    Migrate(Migrate),
    /// Forget a person.
    Forget(Forget),
    /// Destroy what it says, for it need not be kept any longer.
    Expire(Expire),
    /// End it before its course is over: whom it is about is to be erased.
    End(End),
    /// Another dossier's message.
    Receive(Message),
    /// Nothing but what is due.
    Tick,
}

/// Open a dossier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// The version to pin.
    pub machine: MachineHash,
    /// The first values.
    pub fields: BTreeMap<FieldName, serde_json::Value>,
    /// The first papers.
    #[serde(default)]
    pub papers: Vec<Paper>,
    /// For a list: the key under which rows find it.
    #[serde(default)]
    pub gather_key: Option<String>,
    /// For a list or a child: the message that made it necessary, consumed with the start.
    #[serde(default)]
    pub first: Option<Message>,
    /// For an import: the key of its row; no other dossier of the workflow has it.
    #[serde(default)]
    pub import_key: Option<String>,
}

/// One of the active state's events, by a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Act {
    /// The entry that the person was asked in; an older one is refused.
    pub activation: ActivationId,
    /// The event.
    pub event: EventName,
    /// Fields filled in with it.
    #[serde(default)]
    pub fields: BTreeMap<FieldName, serde_json::Value>,
    /// Papers attached with it.
    #[serde(default)]
    pub papers: Vec<Paper>,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
    /// On a list: rows that are struck, returned or postponed.
    #[serde(default)]
    pub rows: BTreeMap<DossierId, RowMark>,
    /// The dossier's last event when the page was made. If its content has changed since, the act is refused: nobody decides
    /// on what they have not seen. None where nobody looked at a page.
    #[serde(default)]
    pub seen: Option<i64>,
}

/// An answer that is to lie ready for whoever is asked. It decides nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prepare {
    /// The answer, as whoever is asked would give it; without papers.
    pub answer: Act,
    /// What is said to them with it.
    #[serde(default)]
    pub note: Option<String>,
}

/// Somebody wants to object to what is posted, and says where they are reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Knock {
    /// The entry in which it is posted.
    pub activation: ActivationId,
    /// Who they say they are.
    pub name: String,
    /// Their mailbox: only whoever reads it gets the link.
    pub mail: String,
    /// The language they read.
    pub language: String,
}

/// Somebody objects to what is posted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Object {
    /// The entry in which it is posted.
    pub activation: ActivationId,
    /// Who they say they are, where that is put right; empty: as they are known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// What they say.
    pub text: String,
    /// What proves it.
    #[serde(default)]
    pub papers: Vec<Paper>,
}

/// An objection that came on paper.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hear {
    /// The entry in which the matter is posted.
    pub activation: ActivationId,
    /// Whose it is.
    pub who: String,
    /// What it says.
    pub text: String,
    /// When it came.
    pub day: jiff::civil::Date,
    /// The paper.
    #[serde(default)]
    pub papers: Vec<Paper>,
}

/// What those who keep a posting say of an objection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settle {
    /// The entry in which the matter is posted.
    pub activation: ActivationId,
    /// The row of the objection.
    pub place: u32,
    /// Whether it is accepted.
    pub accepted: bool,
    /// Why.
    pub reason: String,
}

/// An answer of somebody who is asked, that came on paper.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The entry in which they are asked.
    pub activation: ActivationId,
    /// Whose it is.
    pub person: PersonId,
    /// Which of the events they chose.
    pub event: EventName,
    /// Their row, with the number and the day of the paper.
    pub fields: BTreeMap<FieldName, serde_json::Value>,
    /// The paper.
    #[serde(default)]
    pub papers: Vec<Paper>,
}

impl Ask {
    /// The entry in which somebody answers; none where nobody was asked.
    pub fn activation(&self) -> Option<ActivationId> {
        match self {
            Self::Act(act) => Some(act.activation),
            Self::Prepare(prepare) => Some(prepare.answer.activation),
            Self::Record(record) => Some(record.activation),
            Self::Object(object) => Some(object.activation),
            Self::Hear(hear) => Some(hear.activation),
            Self::Settle(settle) => Some(settle.activation),
            Self::Edit { activation, .. }
            | Self::Claim { activation }
            | Self::Release { activation }
            | Self::Assign { activation, .. }
            | Self::Add { activation, .. }
            | Self::Extend { activation, .. }
            | Self::Skip { activation, .. }
            | Self::Redo { activation, .. }
            | Self::Cast { activation, .. }
            | Self::Attend { activation, .. }
            | Self::Tally { activation, .. }
            | Self::Confirm { activation, .. }
            | Self::Acknowledge { activation, .. } => Some(*activation),
            Self::Start(_)
            | Self::Knock(_)
            | Self::Correct(_)
            | Self::Note { .. }
            | Self::Withdraw { .. }
            | Self::Migrate(_)
            | Self::Forget(_)
            | Self::Expire(_)
            | Self::End(_)
            | Self::Receive(_)
            | Self::Tick => None,
        }
    }
}

/// Go over to another version of the workflow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Migrate {
    /// Which.
    pub machine: MachineHash,
    /// Which of its states take the places of old ones.
    pub states: Mapping,
}

/// Forget a person: what is personal about them in a dossier that has ended can be read by nobody from then on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forget {
    /// Whom.
    pub person: PersonId,
    /// Why.
    pub reason: String,
}

/// Destroy what a dossier says: its time of keeping is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expire {
    /// How long it was to be kept.
    pub kept: Retention,
    /// The version that says so.
    pub rule: MachineHash,
}

/// End a dossier before its course is over: whom it is about is to be erased.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct End {
    /// Why.
    pub reason: String,
}

/// Put right what was submitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Correct {
    /// The right values; null takes a value away.
    pub fields: BTreeMap<FieldName, serde_json::Value>,
    /// Right files, each under the name of its field.
    #[serde(default)]
    pub papers: Vec<Paper>,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
    /// The dossier's last event when the page was made.
    #[serde(default)]
    pub seen: Option<i64>,
}

/// What happens to one row of a list when the rest goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RowMark {
    /// What.
    pub aside: Aside,
    /// Why.
    pub reason: String,
}

/// How a row is taken off its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aside {
    /// For good.
    Struck,
    /// Sent back to whoever proposed it.
    Returned,
    /// Put off to a later list.
    Postponed,
}

impl Aside {
    /// All of them, in the order of a form.
    pub const ALL: [Self; 3] = [Self::Struck, Self::Returned, Self::Postponed];

    /// Its name in forms.
    pub fn name(self) -> &'static str {
        match self {
            Self::Struck => "struck",
            Self::Returned => "returned",
            Self::Postponed => "postponed",
        }
    }

    /// What the row is told, where a transition allows it.
    pub fn event(self, events: &RowEvents) -> Option<&EventName> {
        let event = match self {
            Self::Struck => &events.struck,
            Self::Returned => &events.returned,
            Self::Postponed => &events.postponed,
        };
        event.as_ref()
    }

    /// How the row stands on its list from then on.
    pub fn status(self) -> RowStatus {
        match self {
            Self::Struck => RowStatus::Struck,
            Self::Returned => RowStatus::Returned,
            Self::Postponed => RowStatus::Postponed,
        }
    }
}
