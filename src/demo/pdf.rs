//! Small valid PDF files: what the demo attaches where an office attaches scans.

use std::fmt::Write as _;

/// One A4 page with these lines. Letters beyond ASCII are written as `?`: the built-in fonts have no others.
pub fn page(lines: &[&str]) -> Vec<u8> {
    let mut content = String::from("BT /F1 14 Tf 72 770 Td 20 TL");
    for line in lines {
        let plain: String = line.chars().map(|c| if c.is_ascii() && !c.is_ascii_control() { c } else { '?' }).collect();
        let escaped = plain.replace('\\', "\\\\").replace('(', "\\(").replace(')', "\\)");
        let _ = write!(content, " ({escaped}) Tj T*"); // writing to a String cannot fail
    }
    content.push_str(" ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut file = String::from("%PDF-1.4\n");
    let mut places = Vec::new();
    for (n, object) in objects.iter().enumerate() {
        places.push(file.len());
        let _ = write!(file, "{} 0 obj\n{object}\nendobj\n", n + 1); // as above
    }
    let start = file.len();
    let _ = write!(file, "xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1); // as above
    for place in places {
        let _ = writeln!(file, "{place:010} 00000 n "); // as above
    }
    let size = objects.len() + 1;
    let _ = write!(file, "trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"); // as above
    file.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::page;

    #[test]
    fn the_table_of_objects_points_at_the_objects() {
        let file = String::from_utf8(page(&["QD (1)", "ngày"])).expect("ASCII");
        let start: usize =
            file.rsplit("startxref\n").next().and_then(|tail| tail.lines().next()?.parse().ok()).expect("a number");
        assert!(file[start..].starts_with("xref\n0 6\n"));
        for (n, line) in file[start..].lines().skip(3).take(5).enumerate() {
            let place: usize = line[..10].parse().expect("a number");
            assert!(file[place..].starts_with(&format!("{} 0 obj", n + 1)), "{line}");
        }
        assert!(file.contains("(QD \\(1\\)) Tj") && file.contains("(ng?y) Tj"));
    }
}
