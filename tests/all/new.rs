//! `chancery new`: what it writes is a workflow that passes, and nothing that was there is touched.

use crate::cli::place;

#[test]
fn what_is_begun_passes_check_and_test_in_both_languages() {
    for language in ["vi", "en"] {
        let place = place(&format!("new-{language}"));
        let made = place.run(&["--language", language, "new", "leave_request"]);
        assert_eq!(made.code, 0, "{}", made.err);
        assert!(made.out.contains("leave_request/leave_request.test.yaml"), "{}", made.out);
        let checked = place.run(&["check", "leave_request"]);
        assert_eq!(checked.code, 0, "{}{}", checked.out, checked.err);
        assert!(!format!("{}{}", checked.out, checked.err).contains("warning"), "{}{}", checked.out, checked.err);
        let played = place.run(&["test", "leave_request", "--min-coverage", "100"]);
        assert_eq!(played.code, 0, "{}{}", played.out, played.err);
    }
}

#[test]
fn what_is_there_is_not_touched_and_a_name_is_a_name() {
    let place = place("new-again");
    assert_eq!(place.run(&["new", "leave_request"]).code, 0);
    let file = place.folder.join("leave_request/leave_request.yaml");
    std::fs::write(&file, "mine").expect("written");
    let again = place.run(&["new", "leave_request"]);
    assert_eq!((again.code, again.err.contains("is there already")), (1, true), "{}", again.err);
    assert_eq!(std::fs::read_to_string(&file).ok().as_deref(), Some("mine"));
    for wrong in ["Leave", "../leave", "1leave", ""] {
        assert_eq!(place.run(&["new", wrong]).code, 2, "{wrong}");
    }
}
