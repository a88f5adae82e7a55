//! What an attempt means for the mail: when it is tried again, and when it no longer is. Pure.

use super::smtp::Outcome;
use crate::ids::Instant;
use crate::store::mails::{ClaimedMail, Settled};

const MINUTE_MS: i64 = 60 * 1000;
/// Minutes until the next attempt after the first, second, ... one (RFC 5321 4.5.4.1), then every two hours.
const PAUSES_MIN: [i64; 5] = [1, 5, 15, 30, 60];
const PAUSE_LATER_MIN: i64 = 120;
/// When we give up.
const GIVE_UP_MS: i64 = 5 * 24 * 60 * MINUTE_MS;
/// Before a mail with an unknown end is sent once more: late enough for a slow server to have delivered it.
const PAUSE_UNKNOWN_MIN: i64 = 15;
/// A lease outlives the longest conversation: 10 minutes after DATA, the commands before it, and the batch's own time.
pub(super) const LEASE_MS: i64 = 15 * MINUTE_MS;

/// What is written into the ledger.
pub(super) fn settle(mail: &ClaimedMail, outcome: Outcome, now: Instant) -> Settled {
    let unknowns = mail.unknowns;
    let settled = |status, next_at, answer, unknowns| Settled { status, next_at, settled_at: now, answer, unknowns };
    match outcome {
        Outcome::Accepted(answer) => settled("accepted", None, answer, unknowns),
        Outcome::Failed(answer) => settled("failed", None, answer, unknowns),
        Outcome::Deferred(answer) => match next_attempt(mail, now) {
            Some(next) => settled("deferred", Some(next), answer, unknowns),
            None => settled("failed", None, format!("given up after 5 days: {answer}"), unknowns),
        },
        // Once more under the same Message-ID and with the same links; after that a person decides.
        Outcome::Unknown(answer) => {
            let again = (unknowns == 0).then(|| now.plus_ms(PAUSE_UNKNOWN_MIN * MINUTE_MS));
            settled("unknown", again, answer, unknowns + 1)
        }
    }
}

fn next_attempt(mail: &ClaimedMail, now: Instant) -> Option<Instant> {
    let place = usize::try_from(mail.attempts - 1).unwrap_or(0);
    let pause = PAUSES_MIN.get(place).copied().unwrap_or(PAUSE_LATER_MIN);
    let next = now.plus_ms(pause * MINUTE_MS);
    (next <= mail.made_at.plus_ms(GIVE_UP_MS)).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{MailId, PersonId};

    fn mail(attempts: i64, unknowns: i64) -> ClaimedMail {
        ClaimedMail {
            id: MailId::new("m"),
            person: PersonId::new("p"),
            message_id: "<m@x>".to_owned(),
            key_id: 1,
            generation: 1,
            attempts,
            unknowns,
            made_at: Instant(0),
            lease: "l".to_owned(),
            notices: Vec::new(),
            code: None,
            absence: None,
            start: None,
        }
    }

    #[test]
    fn a_deferred_mail_follows_the_schedule_for_five_days() {
        let (mut now, mut attempts, mut minutes) = (Instant(0), 1, Vec::new());
        loop {
            let settled = settle(&mail(attempts, 0), Outcome::Deferred("451 later".to_owned()), now);
            let Some(next) = settled.next_at else {
                assert_eq!((settled.status, settled.answer.as_str()), ("failed", "given up after 5 days: 451 later"));
                break;
            };
            assert_eq!(settled.status, "deferred");
            minutes.push((next.0 - now.0) / MINUTE_MS);
            (now, attempts) = (next, attempts + 1);
        }
        assert_eq!(minutes[..7], [1, 5, 15, 30, 60, 120, 120]);
        assert!(now.0 <= GIVE_UP_MS && now.0 > GIVE_UP_MS - 120 * MINUTE_MS);
    }

    #[test]
    fn an_unknown_end_is_sent_once_more_and_then_left_to_a_person() {
        let lost = || Outcome::Unknown("no answer".to_owned());
        let first = settle(&mail(1, 0), lost(), Instant(0));
        assert_eq!((first.status, first.next_at, first.unknowns), ("unknown", Some(Instant(15 * MINUTE_MS)), 1));
        let second = settle(&mail(2, 1), lost(), Instant(0));
        assert_eq!((second.status, second.next_at, second.unknowns), ("unknown", None, 2));
    }

    #[test]
    fn a_refusal_for_good_is_not_tried_again() {
        let settled = settle(&mail(1, 0), Outcome::Failed("550 no such user".to_owned()), Instant(0));
        assert_eq!((settled.status, settled.next_at), ("failed", None));
    }
}
