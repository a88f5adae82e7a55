//! Every code once: what it means in a line, and at length for `chancery check --explain CODE`, in English and Vietnamese.

/// What a code means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// The code: `E0101`.
    pub code: &'static str,
    /// What it means, in one line.
    pub meaning: &'static str,
    /// At length, in English.
    pub en: &'static str,
    /// At length, in Vietnamese.
    pub vi: &'static str,
}

macro_rules! codes {
    ($($name:ident $code:literal $meaning:literal en $en:literal vi $vi:literal)*) => {
        $(#[doc = $meaning] pub const $name: &str = $code;)*

        /// Every code, in its order.
        pub const ALL: &[Code] = &[$(Code { code: $code, meaning: $meaning, en: $en, vi: $vi }),*];
    };
}

/// What a code means, if there is such a code.
pub fn find(code: &str) -> Option<&'static Code> {
    ALL.iter().find(|known| known.code.eq_ignore_ascii_case(code))
}

impl Code {
    /// The long explanation in a language; English where there is none.
    pub fn explanation(&self, language: &str) -> &'static str {
        if language == "vi" { self.vi } else { self.en }
    }
}

codes! {
    NOT_YAML "E0001" "The file is not YAML."
    en "The text breaks a rule of YAML at the place shown, so nothing behind it could be read. Most often a text holds `: ` or \
        ` #`, or begins with one of `@ % & * ! | > [ {`: put such a text in quotes. One file holds one workflow."
    vi "Văn bản sai quy tắc YAML tại chỗ được chỉ ra nên phần sau không đọc được. Thường là do chuỗi có `: ` hoặc ` #`, hay bắt \
        đầu bằng một trong các ký tự `@ % & * ! | > [ {`: hãy đặt chuỗi đó trong dấu nháy. Mỗi tệp chỉ chứa một quy trình."
    TAB "E0002" "A tab stands in the indentation."
    en "YAML allows only spaces in front of a line, because a tab has no width of its own. Replace it by spaces, two for each \
        level; most editors can be told to do so."
    vi "YAML chỉ cho phép dấu cách ở đầu dòng vì dấu tab không có độ rộng nhất định. Hãy thay bằng dấu cách, mỗi cấp hai dấu; \
        phần lớn trình soạn thảo có thể tự làm việc này."
    DUPLICATE_KEY "E0003" "A key is written twice in one mapping."
    en "Only one value can belong to a key; which of the two was meant is for you to say. The first one is used for the rest of \
        the check. Two transitions of one event are written as a list under one key."
    vi "Mỗi khóa chỉ có một giá trị; bạn cần cho biết giữ giá trị nào. Phần kiểm tra còn lại dùng giá trị đầu tiên. Hai nhánh \
        của một sự kiện được viết thành danh sách dưới cùng một khóa."
    TOO_MUCH "E0004" "The file is larger, deeper or has more values than a workflow may have."
    en "Files are bounded, so that one of them cannot stop the program: 256 KiB, 32 levels, 20,000 values and 200 aliases, \
        repetitions through aliases counted. Large tables go into files of their own."
    vi "Tệp có giới hạn để không làm treo chương trình: 256 KiB, 32 cấp, 20.000 giá trị và 200 bí danh, kể cả phần lặp lại qua \
        bí danh. Bảng lớn nên để trong tệp riêng."
    UNKNOWN_KEY "E0101" "A key is not known at its place."
    en "A key that nobody reads would be a rule that nobody follows; so it is an error. Correct its spelling, move it to where \
        it belongs, or take it away. Inside `{..}` a comma begins a new key: a text with a comma must stand in quotes there."
    vi "Khóa không ai đọc là quy định không ai theo, vì vậy được coi là lỗi. Hãy sửa chính tả, chuyển khóa về đúng chỗ hoặc bỏ \
        đi. Trong `{..}` dấu phẩy mở đầu một khóa mới: chuỗi có dấu phẩy phải đặt trong dấu nháy."
    MISSING_KEY "E0102" "A key is missing."
    en "The place shown needs this key, because the engine could not know what to do without it."
    vi "Chỗ được chỉ ra cần có khóa này; thiếu nó chương trình không biết phải làm gì."
    WRONG_TYPE "E0103" "A value is of another type than its key wants."
    en "A text, a number, a truth value, a list or a mapping stands where something else is read. Numbers and `true` that are \
        meant as texts stand in quotes; `yes`, `no` and `on` are texts, truth values are `true` and `false`."
    vi "Tại đây là chuỗi, số, giá trị đúng/sai, danh sách hoặc bảng khóa, nhưng chương trình cần loại khác. Số và `true` dùng \
        như chuỗi phải đặt trong dấu nháy; `yes`, `no`, `on` là chuỗi, giá trị đúng/sai là `true` và `false`."
    UNKNOWN_WORD "E0104" "One of a few words was expected."
    en "This key takes one of a short list of words, and the one written is not among them."
    vi "Khóa này chỉ nhận một trong vài từ nhất định; từ đã viết không nằm trong số đó."
    BAD_NAME "E0105" "A name does not look like a name."
    en "Names of workflows, states, events, fields, roles, guards, votes, tables and papers are used in formulas, links and \
        files: small letters a-z, digits and `_`, not beginning with a digit. What officers read is the label or title."
    vi "Tên quy trình, trạng thái, sự kiện, trường, vai trò, điều kiện, biểu quyết, bảng và loại giấy tờ dùng trong công thức, \
        liên kết và tệp: chữ thường a-z, chữ số và `_`, không bắt đầu bằng chữ số. Cán bộ chỉ đọc nhãn hoặc tiêu đề."
    DELAY "E0106" "A span of time cannot be read, or does not lie ahead."
    en "Spans are written as a whole number and a unit: `10wd` working days of the calendar, `10d` days, `3h` hours, `30min` \
        minutes. Reminders may lie before the deadline (`-2wd`); all other spans are above zero."
    vi "Khoảng thời gian gồm số nguyên và đơn vị: `10wd` ngày làm việc theo lịch, `10d` ngày, `3h` giờ, `30min` phút. Nhắc việc \
        có thể trước hạn (`-2wd`); các khoảng khác phải lớn hơn 0."
    DATE "E0107" "There is no such day."
    en "Dates are written as year, month and day, `2026-12-10`, and must exist in the calendar. Anything else under `by:` and \
        `before:` is read as a formula."
    vi "Ngày được viết theo năm, tháng, ngày: `2026-12-10`, và phải có thật. Nội dung khác dưới `by:` và `before:` được hiểu là \
        công thức."
    SHARE "E0108" "A share of votes cannot be read or cannot be reached."
    en "A share is `at least` or `more than` a fraction (`2/3`), a percentage (`80%`) or a path to one, `of members`, \
        `of present` or `of valid`. It is compared exactly. A path is read for each row and leads to a text in a table; a \
        quorum is the same for all rows."
    vi "Tỷ lệ gồm `at least` (ít nhất) hoặc `more than` (quá), một phân số (`2/3`), phần trăm (`80%`) hoặc đường dẫn tới tỷ lệ, \
        rồi `of members` (tổng số thành viên), `of present` (số có mặt) hoặc `of valid` (số phiếu hợp lệ). Tỷ lệ được so sánh \
        chính xác. Đường dẫn được đọc cho từng dòng và dẫn tới chuỗi trong bảng; số người cần có mặt thì chung cho mọi dòng."
    PHRASE "E0109" "A phrase that names a unit or a body cannot be read."
    en "A body is named as `KIND of FIELD` (`council of unit`), a unit as `FIELD`, `root of FIELD`, `binding NAME of FIELD` or \
        `code CODE`."
    vi "Tổ chức được viết là `LOẠI of TRƯỜNG` (`council of unit`); đơn vị được viết là `TRƯỜNG`, `root of TRƯỜNG`, \
        `binding TÊN of TRƯỜNG` hoặc `code MÃ`."
    LEVEL "E0110" "The language level of the file is not known."
    en "`chancery: 1` says by which rules the file is to be read. This program reads level 1; a file of a newer level needs a \
        newer program."
    vi "`chancery: 1` cho biết tệp được đọc theo quy tắc nào. Chương trình này đọc mức 1; tệp mức cao hơn cần chương trình mới \
        hơn."
    NO_FILE "E0111" "A file that the workflow names is not there."
    en "Tables stand in the folder of the workflow, under the name that the workflow writes."
    vi "Bảng phải nằm trong cùng thư mục với quy trình, đúng tên đã viết trong quy trình."
    KEYS_TOGETHER "E0112" "Keys stand together that do not go together."
    en "Each of these keys may be right, but one has no meaning beside the other, or without a third: a transition leads to one \
        place, a deadline ends once, a role is found in one way, and only a person can fill in, attach or give a reason."
    vi "Từng khóa có thể đúng nhưng không đi cùng nhau, hoặc thiếu một khóa khác: một bước chuyển chỉ dẫn tới một nơi, thời hạn \
        chỉ kết thúc một lần, vai trò chỉ được xác định theo một cách, và chỉ con người mới điền, đính kèm hay nêu lý do."
    TRANSLATION "E0113" "A translation says something where the workflow has no text."
    en "A translation (`NAME.en.yaml` beside `NAME.yaml`) has the keys of its workflow down to the texts, and only those. A key \
        that matches none was misspelt, or the workflow has changed."
    vi "Bản dịch (`TÊN.en.yaml` cạnh `TÊN.yaml`) có cùng khóa với quy trình cho tới các chuỗi, và chỉ những khóa đó. Khóa không \
        khớp là do viết sai hoặc quy trình đã thay đổi."
    SCHEDULE "E0114" "A schedule or its time zone cannot be read."
    en "A schedule has the five fields of crontab(5): minute, hour, day of the month, month, day of the week. Its zone is an \
        IANA name such as `Asia/Ho_Chi_Minh`."
    vi "Lịch chạy có năm trường như crontab(5): phút, giờ, ngày trong tháng, tháng, thứ trong tuần. Múi giờ viết theo tên IANA, \
        ví dụ `Asia/Ho_Chi_Minh`."
    LIMIT "E0115" "A limit of a field is not possible."
    en "A text takes 1 to 100,000 characters, a list of texts 1 to 1,000 entries, a table 1 to 200 rows of at most 12 columns, \
        a decimal 1 to 10 digits after the point, and a `min` lies not above its `max`."
    vi "Chuỗi có từ 1 đến 100.000 ký tự, danh sách chuỗi có từ 1 đến 1.000 mục, bảng có từ 1 đến 200 dòng với nhiều nhất 12 \
        cột, số thập phân có từ 1 đến 10 chữ số sau dấu phẩy, và `min` không lớn hơn `max`."
    UNKNOWN_STATE "E0201" "There is no such state."
    en "A target is looked up among the siblings of the state in which it is written, then further out, then as a full path \
        (`open.drafting`). `initial` names a direct child."
    vi "Đích được tìm trong các trạng thái cùng cấp với trạng thái chứa nó, rồi ra các cấp ngoài, rồi theo đường dẫn đầy đủ \
        (`open.drafting`). `initial` là tên trạng thái con trực tiếp."
    UNKNOWN_ROLE "E0202" "There is no such role."
    en "Roles are declared under `roles:`."
    vi "Vai trò được khai báo dưới `roles:`."
    UNKNOWN_GUARD "E0203" "There is no such guard."
    en "Guards are declared under `guards:`, each with its formula, and named where they are used. There is no `not`: declare a \
        guard whose formula says the opposite, with its own words for the refusal."
    vi "Điều kiện được khai báo dưới `guards:` kèm công thức và được gọi bằng tên. Không có `not`: hãy khai báo một điều kiện có \
        công thức ngược lại, với lời từ chối riêng."
    UNKNOWN_FIELD "E0204" "There is no such field."
    en "Fields of the dossier are declared under `fields:`, those that rows of a list bring along under `row:`."
    vi "Trường của hồ sơ được khai báo dưới `fields:`, trường mà các dòng của danh sách mang theo dưới `row:`."
    UNKNOWN_VOTE "E0205" "There is no such vote."
    en "The rules of votes are declared under `votes:`; a state names the one that is held in it."
    vi "Quy tắc biểu quyết được khai báo dưới `votes:`; trạng thái gọi tên quy tắc được áp dụng."
    UNKNOWN_TABLE "E0206" "There is no such table."
    en "Tables are declared under `tables:`, each with its file."
    vi "Bảng được khai báo dưới `tables:`, mỗi bảng một tệp."
    UNKNOWN_PAPER "E0207" "There is no such kind of paper."
    en "Kinds of paper are declared under `papers:`, with what officers call them."
    vi "Loại giấy tờ được khai báo dưới `papers:`, kèm tên mà cán bộ gọi."
    FIELD_TYPE "E0208" "A field has another type than its use wants."
    en "A role's `field` and a subject name a person, `of` names a unit, a body is found through a unit or a body. A cell of a \
        table holds one value, and only numbers, decimals and money are added up."
    vi "`field` của vai trò và đối tượng phải là người (hoặc đơn vị), `of` phải là đơn vị, tổ chức được tìm qua đơn vị hoặc tổ \
        chức. Mỗi ô của bảng chỉ chứa một giá trị, và chỉ số, số thập phân, số tiền mới cộng được."
    NAME_CLASH "E0209" "One name means two things in formulas."
    en "Formulas see fields and tables under their names, besides `papers`, `rows`, `now` and `today` and the words of CEL. None \
        of these may mean two things. A field of type file is a kind of paper too."
    vi "Công thức thấy các trường và bảng theo tên, cùng với `papers`, `rows`, `now`, `today` và các từ của CEL. Không tên nào \
        được mang hai nghĩa. Trường kiểu file cũng là một loại giấy tờ."
    FINAL_STATE "E0210" "A final state says what only a state that goes on can say."
    en "When a dossier enters a final state it has ended: nobody is asked, nothing is due, nothing leads on. What may stand \
        there are title, outcome, milestone, standing, register entries and who is told."
    vi "Khi vào trạng thái kết thúc, hồ sơ đã xong: không ai phải làm gì, không còn thời hạn, không chuyển tiếp. Tại đó chỉ có \
        thể ghi tiêu đề, kết quả, mốc, tình trạng, ghi sổ và người được báo."
    COMPOUND_STATE "E0211" "A state with states inside lacks its first one, or says what belongs to an inner one."
    en "A state with `states:` needs `initial:`, the one that is entered with it. A vote is held, and rows join, in an inner \
        state."
    vi "Trạng thái có `states:` cần `initial:` là trạng thái được vào đầu tiên. Biểu quyết và nhận dòng diễn ra ở trạng thái bên \
        trong."
    NOTHING_TO_DO "E0212" "Somebody is asked and can do nothing."
    en "A task asks a role to act, but no event of the state, or of those around it, is theirs, and there is nothing to edit or \
        attach. The dossier would wait for somebody who has no button."
    vi "Nhiệm vụ yêu cầu một vai trò xử lý nhưng không có sự kiện nào của trạng thái này hay trạng thái bao ngoài thuộc về họ, \
        cũng không có gì để sửa hay đính kèm. Hồ sơ sẽ chờ người không có nút nào để bấm."
    RESUME "E0213" "There is nothing to resume."
    en "`resume: STATE` continues what a transition with `pause: true` froze inside that state. No transition from inside it \
        pauses."
    vi "`resume: TRẠNG_THÁI` tiếp tục phần đã bị tạm dừng bởi bước chuyển có `pause: true` bên trong trạng thái đó. Không có bước \
        chuyển nào như vậy."
    LIST_ONLY "E0214" "Only a list says this, or a list lacks what makes it one."
    en "A workflow with `row:` is a list: its rows are other dossiers. `key`, `row_caption`, `row_subject`, `gathers` and `rows` \
        belong to lists, and a list needs a state that gathers."
    vi "Quy trình có `row:` là danh sách, mỗi dòng là một hồ sơ khác. `key`, `row_caption`, `row_subject`, `gathers` và `rows` chỉ \
        dùng cho danh sách, và danh sách cần một trạng thái nhận dòng."
    FORMULA "E0215" "A formula cannot be read."
    en "Formulas are CEL: fields and tables by name, `&&`, `||`, `!`, comparisons, `in`, `size(..)`, `list.all(x, ..)` and \
        `list.exists(x, ..)`. They are checked before anything runs: names, types, and that they end soon."
    vi "Công thức viết bằng CEL: gọi trường và bảng theo tên, `&&`, `||`, `!`, so sánh, `in`, `size(..)`, `list.all(x, ..)` và \
        `list.exists(x, ..)`. Công thức được kiểm tra trước khi chạy: tên, kiểu, và thời gian tính."
    UNREACHABLE "E0301" "No dossier ever gets to this state."
    en "Whatever the guards say, no way from the initial state leads here. A transition is missing, or leads elsewhere, or the \
        state is left over."
    vi "Dù điều kiện thế nào, không có đường nào từ trạng thái đầu dẫn tới đây. Thiếu bước chuyển, bước chuyển dẫn đi nơi khác, \
        hoặc trạng thái bị thừa."
    NO_END "E0302" "A dossier that gets here never ends."
    en "Whatever the guards say, no way from here leads to a final state. The shortest way by which a dossier gets here is \
        shown."
    vi "Dù điều kiện thế nào, từ đây không có đường nào tới trạng thái kết thúc. Đường ngắn nhất đưa hồ sơ tới đây được chỉ ra."
    SHADOWED "E0303" "A branch is never taken, because one before it always holds."
    en "Branches are tried in their order and the first whose guards hold wins. One without a guard always holds, so it stands \
        last."
    vi "Các nhánh được thử theo thứ tự, nhánh đầu tiên thỏa điều kiện được chọn. Nhánh không có điều kiện luôn thỏa nên phải \
        đứng cuối."
    CIRCLE "E0304" "States follow each other in a circle without anybody in it."
    en "`always` leads on at once. A circle of such transitions that always hold would turn for ever."
    vi "`always` chuyển tiếp ngay. Một vòng gồm các bước như vậy mà luôn thỏa sẽ quay mãi."
    UNHANDLED "E0305" "An outcome has no transition."
    en "A vote over rows ends in `closed` or `no_quorum`, a vote without rows in `passed`, `rejected` or `no_quorum`, a \
        deadline raises its `then`, and where events need several people, all may have answered without agreeing: \
        `undecided`. Each needs a transition in the state or in one around it, or the dossier would stand still."
    vi "Biểu quyết theo dòng kết thúc bằng `closed` hoặc `no_quorum`, biểu quyết không có dòng bằng `passed`, `rejected` hoặc \
        `no_quorum`, thời hạn phát sinh sự kiện `then`; nơi cần nhiều người, mọi người có thể trả lời xong mà không \
        thống nhất: `undecided`. Mỗi kết quả cần bước chuyển ở trạng thái này hoặc trạng thái bao ngoài, \
        nếu không hồ sơ sẽ đứng yên."
    NO_CAUSE "E0306" "Nothing and nobody raises this event."
    en "An event comes from a person (`by:`), from a vote or deadline in the state, or from a list that the dossier joins. This \
        one comes from none of them."
    vi "Sự kiện đến từ một người (`by:`), từ biểu quyết hay thời hạn trong trạng thái, hoặc từ danh sách mà hồ sơ tham gia. Sự \
        kiện này không đến từ đâu cả."
    SELF_APPROVAL "E0320" "Somebody decides on what they prepared themselves."
    en "Between filling in the dossier and deciding on it nobody else looks at it: the same role is asked in both states, and so \
        one person can do both. Say that it must be another person (`separation: {never_same_as: STATE}`), or that it may be \
        the same (`may_be_same_as: STATE`), or ask another role. A person who prepared a dossier in one role never acts on it \
        in another, unless that is said too."
    vi "Giữa lúc lập hồ sơ và lúc quyết định không có ai khác xem xét: hai trạng thái hỏi cùng một vai trò nên một người có thể \
        làm cả hai. Hãy ghi rõ phải là người khác (`separation: {never_same_as: TRẠNG_THÁI}`), hoặc được là một người \
        (`may_be_same_as: TRẠNG_THÁI`), hoặc hỏi vai trò khác. Người đã lập hồ sơ với một vai trò không xử lý hồ sơ đó với vai \
        trò khác, trừ khi có ghi."
    NOBODY_LEFT "E0321" "A step asks one person, whom the separation of duties keeps from it."
    en "The role is held by the one person whom a field names, and that person has always done an earlier step from which this \
        one must be kept apart. The dossier could never be led on from here."
    vi "Vai trò do đúng một người mà trường nêu tên nắm giữ, và người đó luôn đã làm một bước trước mà bước này phải tách bạch. \
        Hồ sơ sẽ không bao giờ đi tiếp được từ đây."
    SEPARATION "E0322" "A rule of the separation of duties names a step that nobody does."
    en "`never_same_as`, `same_as` and `may_be_same_as` name a state in which a person acts, or `opening`. In this one nobody \
        does anything, so the rule would say nothing."
    vi "`never_same_as`, `same_as` và `may_be_same_as` nêu tên một trạng thái có người xử lý, hoặc `opening` (mở hồ sơ). Ở trạng \
        thái này không ai làm gì nên quy định sẽ không có tác dụng."
    SWAP "E0601" "A calendar says two things about one day."
    en "A day cannot be a holiday and be swapped, a swap takes a working day and a weekly rest day, each once, and a lunar feast \
        of a year is one of its holidays."
    vi "Một ngày không thể vừa là ngày lễ vừa được hoán đổi; hoán đổi là giữa một ngày làm việc và một ngày nghỉ hằng tuần, mỗi \
        ngày một lần; ngày lễ âm lịch của năm phải nằm trong danh sách ngày lễ."
    FORMULA_CELL "E0701" "A cell begins like a formula."
    en "A spreadsheet runs a cell that begins with `=`, `+`, `-` or `@`. Such a text may do things to whoever opens the file, so \
        it is not taken."
    vi "Bảng tính sẽ chạy ô bắt đầu bằng `=`, `+`, `-` hoặc `@`. Ô như vậy có thể gây hại cho người mở tệp nên không được nhận."
    NOBODY "E0702" "There is no such unit, person or body."
    en "Posts, seats and bindings name units, people and bodies by the codes that their own files give them."
    vi "Chức vụ, ghế và tên gọi dùng mã của đơn vị, người và hội đồng như trong tệp tương ứng."
    UNIT_CIRCLE "E0703" "Units stand above each other in a circle."
    en "Going from a unit to the one above it, one must come to a root, which has none above it."
    vi "Đi từ một đơn vị lên đơn vị cấp trên phải tới đơn vị gốc, là đơn vị không có cấp trên."
    AT_ONCE "E0704" "There are two at once where there can be one."
    en "A body has one chair at a time, a person one vote in it, and a name one unit. `until` is the last day on which the \
        earlier one holds."
    vi "Mỗi thời điểm một hội đồng có một chủ tịch, một người có một phiếu, một tên gọi chỉ một đơn vị. `until` là ngày cuối \
        cùng của trường hợp trước."
    PERIOD "E0705" "A time ends before it begins."
    en "`from` is the first day and `until` the last; both are included."
    vi "`from` là ngày đầu, `until` là ngày cuối; tính cả hai ngày."
    CODE_TWICE "E0706" "A code is given twice."
    en "Units, people and bodies are known by their codes, so each has one of its own."
    vi "Đơn vị, người và hội đồng được nhận biết theo mã nên mỗi mã chỉ dùng một lần."
    EMPTY_CELL "E0707" "A record lacks something that it needs."
    en "The cell of this column may not be empty."
    vi "Ô ở cột này không được để trống."
    MAILBOX "E0708" "This is no mail address."
    en "Write one address, `name@domain`, without a name around it and without blanks."
    vi "Ghi một địa chỉ `ten@tenmien`, không kèm tên người và không có khoảng trắng."
    ENCODING "E0801" "A CSV file is not UTF-8."
    en "Letters with marks would be lost. In Excel choose File, Save As, \"CSV UTF-8 (Comma delimited)\"."
    vi "Chữ có dấu sẽ bị mất. Trong Excel chọn File, Save As, \"CSV UTF-8 (Comma delimited)\"."
    COLUMNS "E0802" "A column is missing, is not known, or stands twice."
    en "The first line of a CSV file names its columns, in any order."
    vi "Dòng đầu của tệp CSV là tên các cột, thứ tự tùy ý."
    RAGGED "E0803" "A line of a CSV file has more or fewer cells than the first one."
    en "Most often a text with a comma in it does not stand in double quotes."
    vi "Thường là do văn bản có dấu phẩy mà không đặt trong dấu ngoặc kép."
    NO_TABLE "E0804" "A CSV file has nothing in it."
    en "At least a line with the names of its columns is needed."
    vi "Cần ít nhất một dòng tên cột."
    NO_IMPORT "E0821" "The workflow does not say how files are imported."
    en "A section `import:` names the column with the key of each row (`key:`) and the fields of the others (`columns:`)."
    vi "Mục `import:` nêu cột chứa mã của mỗi dòng (`key:`) và trường ứng với các cột khác (`columns:`)."
    IMPORT_KEY "E0822" "The key of a row is empty, or stands twice in the file."
    en "The key says which dossier a row is, so that a file may be imported again without making twins."
    vi "Mã cho biết dòng ứng với hồ sơ nào, nhờ đó có thể nhập lại tệp mà không sinh hồ sơ trùng."
    IMPORT_VALUE "E0823" "A cell does not fit its field."
    en "The field's type in the workflow says what may stand there; codes of people and units are those of the directory."
    vi "Kiểu của trường trong quy trình cho biết được ghi gì; mã người và đơn vị là mã trong danh bạ."
    IMPORT_REGISTER "E0824" "A cell holds no entries of a register."
    en "Write `name:year`, several of them with `;` between. They belong to the person or unit that the row is about."
    vi "Ghi `tên:năm`, nhiều mục cách nhau bằng `;`. Các mục này thuộc về cá nhân hoặc đơn vị của dòng đó."
    IMPORT_PAPER "E0825" "A paper that a row names cannot be found, or is of no known kind."
    en "Papers lie in a folder named like the row's key, each in one file named like its kind: `CN001/report.pdf`."
    vi "Giấy tờ nằm trong thư mục mang tên mã của dòng, mỗi loại một tệp mang tên loại đó: `CN001/report.pdf`."
    IMPORT_ROWS "E0826" "A file has more rows than can be imported at once."
    en "Split it; rows that were imported before are recognised by their keys."
    vi "Hãy tách tệp; các dòng đã nhập được nhận ra theo mã."
    UNUSED "W0401" "Something is declared and never used."
    en "A role, guard, vote or table that nothing names may be left over, or a name was forgotten elsewhere."
    vi "Vai trò, điều kiện, biểu quyết hay bảng không được nhắc tới có thể bị thừa, hoặc ở chỗ khác quên gọi tên."
    NO_LABEL "W0402" "A button has no words."
    en "People choose an event by its button; without `label` they see the event's name."
    vi "Người dùng chọn sự kiện qua nút bấm; thiếu `label` họ chỉ thấy tên sự kiện."
    IDLE_DEADLINE "W0403" "Nothing happens when a deadline ends."
    en "A deadline without a reminder, an escalation or an event is only a date on a page."
    vi "Thời hạn không có nhắc việc, báo cấp trên hay sự kiện thì chỉ là một ngày ghi trên trang."
    NO_STARTER "W0404" "Nobody can start a dossier."
    en "No role is a starter, nothing starts by the clock and nothing is imported."
    vi "Không vai trò nào được mở hồ sơ, không có lịch tự mở và không có nhập dữ liệu."
    SILENT_REFUSAL "W0405" "A guard refuses a person without words."
    en "A guard that only shows the way needs no words. This one can close a person's way, and they would not be told why."
    vi "Điều kiện chỉ để rẽ nhánh thì không cần lời. Điều kiện này có thể chặn một người, và họ sẽ không biết lý do."
    SHARED_MAILBOX "W0701" "Two people share a mailbox."
    en "A link is sent to a mailbox; whoever reads it can act for both. Give each an address of their own."
    vi "Liên kết được gửi tới hộp thư; ai đọc được hộp thư đều có thể làm thay cả hai. Mỗi người nên có địa chỉ riêng."
}

#[cfg(test)]
mod tests {
    use super::{ALL, find};

    #[test]
    fn every_code_is_said_once_and_explained_in_both_languages() {
        for (at, code) in ALL.iter().enumerate() {
            assert!(ALL[..at].iter().all(|other| other.code != code.code), "{} stands twice", code.code);
            assert!(code.meaning.ends_with('.') && !code.en.is_empty() && !code.vi.is_empty(), "{}", code.code);
            assert_eq!(find(&code.code.to_lowercase()), Some(code));
        }
    }
}
