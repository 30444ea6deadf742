import Bytes
import ChainTypes
import Foundation
import HTTPClient
import JSON
import LocalServers
import Messages
import TestSupport
import Testing

/// Against a real server of another make.
@Suite("Mail over SMTP")
struct MailTests {
  private let directory: TemporaryDirectory
  private let client: HTTPClient

  init() throws {
    directory = try TemporaryDirectory()
    client = try HTTPClient()
  }

  private func withServer(
    _ security: (LocalCertificate) -> MailTester.Security = { _ in .none },
    login: (user: String, password: String)? = nil,
    _ body: (MailTester, LocalCertificate) async throws -> Void
  ) async throws {
    let certificate = try await LocalCertificate.make(in: directory.url.path)
    let server = try await MailTester.start(
      directory: directory.url.path, package: PackageFiles.root.path,
      security: security(certificate), login: login)
    do {
      try await body(server, certificate)
    } catch {
      await server.stop()
      throw error
    }
    await server.stop()
    client.shutdown()
  }

  private func mail(
    _ server: MailServer, to recipients: String..., text: String = "Hello\n", id: String = "ntf_1"
  ) throws -> MailSubmission {
    let from = try #require(MailAddress("orders@shop.example"))
    let message = MailMessage(
      from: .init(name: "Café „Ada“", address: from),
      to: try #require(MailAddress(recipients[0])), subject: "Café „Ada“: Bestellung bereit",
      text: text, language: .de, date: .init(seconds: 1_795_354_207), id: id)
    return MailSubmission(
      server: server, sender: from.text, recipients: recipients, message: message.bytes,
      timeoutMilliseconds: 20_000)
  }

  private func kept(_ server: MailTester) throws -> [JSONValue] {
    try server.mails().map { try JSONValue(parsing: Array($0.utf8)) }
  }

  @Test("a mail arrives as it was written, as another's parser reads it")
  func arrives() async throws {
    try await withServer { server, _ in
      let text =
        "Grüße aus dem Café.\n.\n..\nFrom here on\n--\u{20}\nzu „Ende“ \t\n" + "日本語"
        + String(repeating: "x=é ", count: 400) + "\n"
      let mail = try mail(
        MailServer(url: server.url, security: .none), to: "ada@example.com", "bo@example.com",
        text: text)
      #expect(try await client.submit(mail).code == 250)
      let found = try #require(try kept(server).first)
      #expect(found["sender"] == "orders@shop.example")
      #expect(found["recipients"] == ["ada@example.com", "bo@example.com"])
      #expect(found["text"]?.string == text)
      #expect(found["headers"]?["subject"] == "Café „Ada“: Bestellung bereit")
      #expect(found["from_name"] == "Café „Ada“")
      #expect(found["from_address"] == "orders@shop.example")
      #expect(found["date"] == "2026-11-22T13:30:07+00:00")
      #expect(found["headers"]?["message-id"] == "<ntf_1@shop.example>")
      #expect(found["defects"] == [])
    }
  }

  @Test("what others wrote arrives harmless, in every language and message")
  func hostile() async throws {
    try await withServer { server, _ in
      let words = "x\r\nBcc: evil@example.com\r\n\r\n\u{202e}\u{0}y\r\n.\r\nMAIL FROM:<z@x>"
      let money = Money(.init(minorUnits: 1_234, asset: .btc), isCurrency: false)
      let news = OrderNews(
        order: words, location: words, items: [.init(name: words, quantity: 1)], moreItems: 0,
        total: money)
      let from = try #require(MailAddress("orders@shop.example"))
      let to = try #require(MailAddress("ada@example.com"))
      var sent: [Message] = []
      for language in Language.allCases {
        let message = Message(
          .ready(news), in: .init(shop: words, claimCode: words), for: Reader(language))
        sent.append(message)
        let mail = MailMessage(
          from: .init(name: words, address: from), to: to, subject: message.subject,
          text: message.text, language: language, date: .init(seconds: 0), id: words)
        try await client.submit(
          MailSubmission(
            server: MailServer(url: server.url, security: .none), sender: from.text,
            recipients: [to.text], message: mail.bytes, timeoutMilliseconds: 20_000))
      }
      let found = try kept(server)
      #expect(found.map { $0["text"]?.string } == sent.map(\.text))
      #expect(found.map { $0["headers"]?["subject"]?.string } == sent.map(\.subject))
      for mail in found {
        #expect(mail["headers"]?["bcc"] == nil && mail["recipients"] == ["ada@example.com"])
        #expect(mail["defects"] == [])
      }
    }
  }

  @Test("with STARTTLS and a password", arguments: [false, true])
  func login(implicitly: Bool) async throws {
    try await withServer(
      { implicitly ? .implicit($0) : .startTLS($0) }, login: ("shop", "open sesame")
    ) { server, certificate in
      var way = MailServer(
        url: server.url, credential: .init(user: "shop", password: "open sesame"),
        trustedCertificates: certificate.certificate)
      try await client.submit(mail(way, to: "ada@example.com"))
      let found = try #require(try kept(server).first)
      #expect(found["tls"] == true && found["user"] == "shop")

      way.credential = .init(user: "shop", password: "wrong")
      await #expect {
        try await client.submit(mail(way, to: "ada@example.com"))
      } throws: { error in
        guard case SMTPError.loginRefused(let reply) = error else { return false }
        return reply.code == 535
      }
      way.credential = nil
      await #expect {
        try await client.submit(mail(way, to: "ada@example.com"))
      } throws: { error in
        guard case SMTPError.refused(let reply) = error else { return false }
        return reply.code == 530
      }
      // The system's certificates don't vouch for it.
      way.trustedCertificates = nil
      await #expect {
        try await client.submit(mail(way, to: "ada@example.com"))
      } throws: { error in
        guard case SMTPError.transfer(.tls) = error else { return false }
        return true
      }
      #expect(server.mails().count == 1)
    }
  }

  @Test("a server without STARTTLS gets no mail unless configuration allows it")
  func downgrade() async throws {
    try await withServer { server, _ in
      let way = MailServer(url: server.url, credential: .init(user: "u", password: "p"))
      await #expect {
        try await client.submit(mail(way, to: "ada@example.com"))
      } throws: { error in
        guard case SMTPError.transfer(.tls) = error else { return false }
        return true
      }
      #expect(server.mails().isEmpty)
    }
  }

  @Test("refusals are told by their numbers, and the next mail goes on the same server")
  func refusals() async throws {
    try await withServer { server, _ in
      let way = MailServer(url: server.url, security: .none)
      for (name, code) in [("refused", 550), ("busy", 450), ("full", 552)] {
        await #expect {
          try await client.submit(mail(way, to: "\(name)@example.com"))
        } throws: { error in
          guard case SMTPError.refused(let reply) = error else { return false }
          return reply.code == code && !reply.text.isEmpty
            && !reply.text.contains(where: \.isNewline)
        }
      }
      #expect(server.mails().isEmpty)
      try await client.submit(mail(way, to: "ada@example.com"))
      #expect(server.mails().count == 1)
    }
  }

  @Test("silence ends at the limit, and a connection that breaks leaves the end open")
  func silence() async throws {
    try await withServer { server, _ in
      var silent = try mail(MailServer(url: server.url, security: .none), to: "silent@example.com")
      silent.timeoutMilliseconds = 300
      await #expect(throws: SMTPError.transfer(.timedOut)) { try await client.submit(silent) }
      let lost = try mail(MailServer(url: server.url, security: .none), to: "lost@example.com")
      await #expect {
        try await client.submit(lost)
      } throws: { error in
        guard case SMTPError.transfer(.connectionLost) = error else { return false }
        return true
      }
      // It was taken all the same.
      #expect(server.mails().count == 1)
    }
  }

  @Test("nobody listens; and the task is cancelled")
  func unreachable() async throws {
    let port = try LocalPorts.one()
    let way = MailServer(url: "smtp://127.0.0.1:\(port)", security: .none)
    await #expect {
      try await client.submit(mail(way, to: "ada@example.com"))
    } throws: { error in
      guard case SMTPError.transfer(.connectionFailed) = error else { return false }
      return true
    }
    try await withServer { server, _ in
      let silent = try mail(MailServer(url: server.url, security: .none), to: "silent@example.com")
      let task = Task { try await client.submit(silent) }
      task.cancel()
      await #expect(throws: SMTPError.transfer(.cancelled)) { try await task.value }
    }
  }

  @Test("what can't stand in the protocol's lines is refused before anything is sent")
  func mistakes() async throws {
    let way = MailServer(url: "smtp://127.0.0.1:9", security: .none)
    for address in ["a@x.y>\r\nRCPT TO:<b@x.y", "", "a b@x.y", "<a@x.y>", "a\u{0}@x.y"] {
      let mail = MailSubmission(
        server: way, sender: "a@x.y", recipients: [address], message: [0x0d, 0x0a],
        timeoutMilliseconds: 1_000)
      await #expect {
        try await client.submit(mail)
      } throws: { error in
        guard case SMTPError.transfer(.invalidRequest) = error else { return false }
        return true
      }
    }
    for other in ["http://127.0.0.1:9/", "file:///etc/hosts", "smtp://127.0.0.1:9 /"] {
      let mail = try mail(MailServer(url: other, security: .none), to: "ada@example.com")
      await #expect(throws: SMTPError.self) { try await client.submit(mail) }
    }
  }
}
