package import ChainTypes

/// A mail of plain text in UTF-8 (RFC 5322, RFC 2045), as it goes over SMTP.
package struct MailMessage: Equatable, Sendable {
  package let from: Mailbox
  package let to: MailAddress
  package let replyTo: MailAddress?
  package let subject: String
  /// Lines, each ended by a line feed.
  package let text: String
  package let language: Language
  package let date: Timestamp
  /// The same whenever the same mail is sent: what is sent twice, because nobody knows whether it
  /// was, can be told from something new. ASCII letters, digits, `_` and `-`.
  package let id: String
  /// A page where one ends these mails, by one click (RFC 8058), or a mail address.
  package let unsubscribe: String?

  /// An address with the name of who has it.
  package struct Mailbox: Equatable, Sendable {
    package let name: String?
    package let address: MailAddress

    package init(name: String?, address: MailAddress) {
      self.name = name
      self.address = address
    }
  }

  package init(
    from: Mailbox, to: MailAddress, replyTo: MailAddress? = nil, subject: String, text: String,
    language: Language, date: Timestamp, id: String, unsubscribe: String? = nil
  ) {
    self.from = from
    self.to = to
    self.replyTo = replyTo
    self.subject = subject
    self.text = text
    self.language = language
    self.date = date
    self.id = id
    self.unsubscribe = unsubscribe
  }

  /// All of it, in ASCII, every line ended by CRLF.
  package var bytes: [UInt8] {
    var headers = [
      "Date: \(Self.text(of: date))", "From: \(Self.text(of: from))", "To: <\(to)>",
    ]
    if let replyTo { headers.append("Reply-To: <\(replyTo)>") }
    headers += [
      "Subject: \(HeaderText.encoded(subject))", "Message-ID: <\(word(id))@\(from.address.domain)>",
      "Auto-Submitted: auto-generated", "Content-Language: \(language.rawValue)",
    ]
    if let unsubscribe = unsubscribe.flatMap(Self.link) {
      headers.append("List-Unsubscribe: <\(unsubscribe)>")
      if unsubscribe.hasPrefix("https:") {
        headers.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click")
      }
    }
    headers += [
      "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8",
      "Content-Transfer-Encoding: quoted-printable",
    ]
    return Array(headers.map { $0 + "\r\n" }.joined().utf8) + [0x0d, 0x0a]
      + QuotedPrintable.encoded(text)
  }

  private static func text(of mailbox: Mailbox) -> String {
    guard let name = mailbox.name, !name.isEmpty else { return "<\(mailbox.address)>" }
    return "\(HeaderText.encoded(name))\r\n <\(mailbox.address)>"
  }

  /// `Sun, 22 Nov 2026 14:30:00 +0000` (RFC 5322 section 3.3)
  private static func text(of date: Timestamp) -> String {
    let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    let months = [
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    let time = LocalTime(date, offsetSeconds: 0)
    return "\(weekdays[time.weekday]), \(time.day) \(months[time.month - 1]) \(time.year) "
      + "\(time.clock):\(LocalTime.twoDigits(time.second)) +0000"
  }

  private func word(_ text: String) -> String {
    let kept = text.utf8.prefix(64).filter {
      MailAddress.isLetterOrDigit($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
    }
    return String(decoding: kept, as: UTF8.self)
  }

  /// Nil for what can't stand between angle brackets.
  private static func link(_ text: String) -> String? {
    if MailAddress(text) != nil { return "mailto:\(text)?subject=unsubscribe" }
    let isSafe = text.utf8.allSatisfy { (0x21...0x7e).contains($0) && !"<>\"\\".utf8.contains($0) }
    return isSafe && text.utf8.count <= 500 ? text : nil
  }
}
