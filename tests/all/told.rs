//! What commands tell people, in the language they ask for.

use crate::cli::{Place, place, shipped};

/// The shipped example in a folder of this test's own, with something changed in its workflow.
fn own(place: &Place, from: &str, to: &str) -> String {
    let folder = place.folder.join("own");
    std::fs::create_dir_all(folder.join("directory")).expect("a folder");
    for name in ["limits.yaml", "purchase.en.yaml", "purchase.test.yaml", "purchase.yaml"] {
        let text = std::fs::read_to_string(format!("{}/{name}", shipped("purchase"))).expect("it is shipped");
        let text = if name == "purchase.yaml" { text.replacen(from, to, 1) } else { text };
        std::fs::write(folder.join(name), text).expect("written");
    }
    for entry in std::fs::read_dir(shipped("purchase/directory")).expect("a directory") {
        let path = entry.expect("an entry").path();
        std::fs::copy(&path, folder.join("directory").join(path.file_name().expect("a name"))).expect("copied");
    }
    folder.display().to_string()
}

#[test]
fn a_dossier_is_shown_in_the_language_that_is_asked_for_with_what_was_corrected() {
    let place = place("told");
    let folder =
        own(&place, "label: Nội dung mua}", "label: Nội dung mua, correctable: {by: requester, reason: true}}");
    place.good(&["migrate"]);
    let (calendar, directory) = (shipped("calendars/vn-civil-service.yaml"), format!("{folder}/directory"));
    place.good(&["deploy", &folder, "--calendar", &calendar, "--directory", &directory]);
    let id = place.start();
    place.good(&["act", &id, "approve", "--as", "MS-TP"]);
    place.good(&["correct", &id, "--as", "MS-DN", "--field", "item=Máy chiếu", "--reason", "ghi nhầm"]);
    let said = place.good(&["--language", "vi", "show", &id]);
    for words in [
        "budget_check Kế toán kiểm tra, hạn ",
        "đang mời",
        "(xử lý)",
        "mở hồ sơ",
        "người vận hành làm thay Lê Thị Đề Nghị",
        "Nội dung mua: Máy in -> Máy chiếu",
        "lý do: ghi nhầm",
    ] {
        assert!(said.contains(words), "`{words}` is missing in\n{said}");
    }
    for words in ["asked", "stands", "started", "acted", "operator", "waits", "corrected"] {
        assert!(!said.contains(words), "`{words}` is English in\n{said}");
    }
    let said = place.good(&["--language", "en", "show", &id]);
    assert!(said.contains("What to buy: Máy in -> Máy chiếu") && said.contains("corrected"), "{said}");
    assert!(place.good(&["--language", "vi", "list"]).starts_with("mã"));
    place.bad(1, &["act", &id, "correct", "--as", "MS-DN"], &["chancery correct", &id]);
    place.good(&["act", &id, "refuse", "--as", "MS-KT", "--reason", "hết tiền"]);
    let said = place.good(&["explain", &id]);
    assert!(said.contains("Đã kết thúc: ") && !said.contains("Đã kết thúc: refused"), "the title of the end: {said}");
}

#[test]
fn scenarios_are_told_in_the_language_that_is_asked_for() {
    let place = place("trial");
    let folder = own(&place, "guard: [within_limit], target", "target");
    let ran = place.run(&["--language", "vi", "test", &folder]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    for words in ["tình huống đạt", "bước chuyển", "diễn biến của", "mở hồ sơ", "chưa tới: điều kiện `within_limit`"]
    {
        assert!(ran.out.contains(words), "`{words}` is missing in\n{}", ran.out);
    }
    for words in ["what happened", "opened", "mail (", "states", "never held"] {
        assert!(!ran.out.contains(words), "`{words}` is English in\n{}", ran.out);
    }
    assert!(!ran.out.contains("person-"), "people are named as files name them:\n{}", ran.out);
}

#[test]
fn a_folder_with_faults_is_checked_before_its_scenarios_are_played() {
    let place = place("faulty");
    let folder = own(&place, "target: budget_check}", "target: budget_chek}");
    let (tested, checked) = (place.run(&["test", &folder]), place.run(&["check", &folder]));
    assert_eq!((tested.code, checked.code), (3, 3), "{}", tested.err);
    let faults = checked.err.trim_end();
    assert!(tested.err.starts_with(faults), "the faults are told as `check` tells them: {}", tested.err);
    assert!(tested.err.trim_end().ends_with("no scenario was played"), "{}", tested.err);
    assert!(tested.out.is_empty(), "{}", tested.out);
}

#[test]
fn a_kind_of_refusal_that_is_none_is_answered_with_the_nearest() {
    let place = place("kind");
    let folder = own(&place, "", "");
    let file = format!("{folder}/purchase.test.yaml");
    let text = std::fs::read_to_string(&file).expect("scenarios");
    assert!(text.contains("refused: not_asked}"), "it has such a step");
    std::fs::write(&file, text.replacen("refused: not_asked}", "refused: not_askd}", 1)).expect("written");
    let ran = place.run(&["test", &folder]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    for words in ["did you mean `not_asked`?", "a step says so by `approve`, `not_asked`"] {
        assert!(ran.out.contains(words), "`{words}` is missing in\n{}", ran.out);
    }
}
