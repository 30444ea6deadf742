import ChainTypes
import Messages
import Testing

@Suite("Mails")
struct MailTests {
  private func mail(
    subject: String = "Hello", text: String = "Hello\n", name: String? = "Shop",
    unsubscribe: String? = nil
  ) throws -> String {
    let from = try #require(MailAddress("orders@shop.example"))
    let to = try #require(MailAddress("ada@example.com"))
    let message = MailMessage(
      from: .init(name: name, address: from), to: to, replyTo: from, subject: subject, text: text,
      language: .en, date: Timestamp(seconds: 1_795_354_207), id: "ntf_1",
      unsubscribe: unsubscribe)
    return String(decoding: message.bytes, as: UTF8.self)
  }

  @Test("a mail as a whole")
  func whole() throws {
    #expect(
      try mail(unsubscribe: "https://shop.example/u/1")
        == """
        Date: Sun, 22 Nov 2026 13:30:07 +0000
        From: Shop
         <orders@shop.example>
        To: <ada@example.com>
        Reply-To: <orders@shop.example>
        Subject: Hello
        Message-ID: <ntf_1@shop.example>
        Auto-Submitted: auto-generated
        Content-Language: en
        List-Unsubscribe: <https://shop.example/u/1>
        List-Unsubscribe-Post: List-Unsubscribe=One-Click
        MIME-Version: 1.0
        Content-Type: text/plain; charset=utf-8
        Content-Transfer-Encoding: quoted-printable

        Hello

        """.replacing("\n", with: "\r\n"))
  }

  @Test("every line is ASCII, ends by CRLF and is short, whatever stands in it")
  func lines() throws {
    for words in Samples.hostile {
      for language in Language.allCases {
        let setting = Message.Setting(shop: words, unsubscribe: words)
        let message = Message(.confirmed(Samples.order(words)), in: setting, for: Reader(language))
        // As it may come past all that cleans it.
        for subject in [message.subject, words] {
          let text = try mail(
            subject: subject, text: message.text + words, name: words, unsubscribe: words)
          let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
          #expect(lines.allSatisfy { $0.utf8.count <= 78 })
          #expect(text.utf8.allSatisfy { (0x20...0x7e).contains($0) || $0 == 13 || $0 == 10 })
          #expect(!text.replacing("\r\n", with: "").contains { $0.isNewline })
          let end = try #require(lines.firstIndex(of: ""))
          let names = lines[..<end].filter { !$0.hasPrefix(" ") }.map { $0.prefix { $0 != ":" } }
          #expect(Set(names).count == names.count && !names.contains("Bcc"))
          #expect((11...14).contains(names.count))
        }
      }
    }
  }

  @Test(
    "an address is one, or none",
    arguments: [
      ("ada@example.com", true), ("a.b+c@x", true), ("o'neil@sub.example.co", true),
      ("ada", false), ("@x", false), ("a@", false), ("a@b@c", false), ("a b@x.y", false),
      (".a@x.y", false), ("a..b@x.y", false), ("a@-x.y", false), ("a@x-.y", false),
      ("a@x..y", false), ("a@x.y\r\nBcc: z@x.y", false), ("<a@x.y>", false), ("ä@x.y", false),
      ("a@[127.0.0.1]", false), ("\"a b\"@x.y", false), ("a,b@x.y", false), ("", false),
    ])
  func addresses(text: String, isOne: Bool) {
    #expect((MailAddress(text) != nil) == isOne)
  }

  @Test("addresses are bounded")
  func addressLengths() {
    let local = String(repeating: "a", count: 64)
    let domain = Array(repeating: String(repeating: "b", count: 60), count: 3).joined(
      separator: ".")
    #expect(MailAddress("\(local)@\(domain)") != nil)
    #expect(MailAddress("a\(local)@\(domain)") == nil)
    #expect(MailAddress("a@\(domain).\(domain)") == nil)
    #expect(MailAddress("a@\(String(repeating: "b", count: 64))") == nil)
  }
}
