//! What mails say, to whom and when: from notices to a letter, from a letter to a mail in its reader's language. Pure; the
//! courier carries the mails, a simulated office only shows them.

mod absence;
mod code;
mod compose;
mod gather;
mod invitation;
mod letter;
mod own;
mod reading;
mod samples;
mod start;
mod subject;
mod texts;
mod view;

pub use absence::{AbsenceLetter, compose_absence};
pub use code::{CodeLetter, compose_code};
pub use compose::{ComposeError, compose};
pub use gather::{About, BESIDES_MAX, Gathering, MailNotice, MailTask, NOTICES_MAX, PERSON_DAY_MAX, is_wanted};
pub use invitation::{CalendarPart, Invitation, When};
pub use letter::{Consequence, Email, Letter, Matter, Own, Reader, Sender, Settlement};
pub use samples::samples;
pub use start::{StartLetter, compose_start};
