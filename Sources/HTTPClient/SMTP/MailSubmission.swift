/// A mail to be handed to a server (RFC 6409), which sends it on.
package struct MailSubmission: Sendable {
  package var server: MailServer
  /// The envelope's addresses, without angle brackets.
  package var sender: String
  package var recipients: [String]
  /// Headers and body, every line ended by CRLF.
  package var message: [UInt8]
  /// From the connection to the server's last reply.
  package var timeoutMilliseconds: Int

  typealias Continuation = CheckedContinuation<Result<SMTPReply, SMTPError>, Never>

  package static let maximumMessageBytes = 1 << 20
  package static let maximumRecipients = 100

  package init(
    server: MailServer, sender: String, recipients: [String], message: [UInt8],
    timeoutMilliseconds: Int
  ) {
    self.server = server
    self.sender = sender
    self.recipients = recipients
    self.message = message
    self.timeoutMilliseconds = timeoutMilliseconds
  }

  /// Nil where it can be sent, else what is wrong with it.
  var mistake: String? {
    guard timeoutMilliseconds > 0 else { return "a limit below zero" }
    guard (1...Self.maximumRecipients).contains(recipients.count) else {
      return "\(recipients.count) recipients"
    }
    guard ([sender] + recipients).allSatisfy(Self.isWord) else {
      return "an address with white space or angle brackets"
    }
    guard (1...Self.maximumMessageBytes).contains(message.count) else {
      return "a mail of \(message.count) bytes"
    }
    return server.url.utf8.contains(where: { $0 <= 0x20 }) ? "a URL with white space" : nil
  }

  /// Whether it can stand in a line of the protocol without ending anything.
  private static func isWord(_ text: String) -> Bool {
    (1...320).contains(text.utf8.count)
      && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != 0x3c && $0 != 0x3e }
  }
}

/// A server that takes mail.
package struct MailServer: Sendable {
  /// `smtp://host:port`, where a connection begins in plain text, or `smtps://host:port`.
  package var url: String
  package var security: Security
  package var credential: HTTPRequest.Credential?
  /// A PEM file of certificates to trust instead of the system's.
  package var trustedCertificates: String?

  package enum Security: Sendable, Equatable {
    /// Nothing is said before TLS: a server without STARTTLS gets no mail, and no password.
    case required
    /// Whatever stands between reads everything.
    case none
  }

  package init(
    url: String, security: Security = .required, credential: HTTPRequest.Credential? = nil,
    trustedCertificates: String? = nil
  ) {
    self.url = url
    self.security = security
    self.credential = credential
    self.trustedCertificates = trustedCertificates
  }
}

/// What a server said last.
package struct SMTPReply: Equatable, Sendable {
  /// RFC 5321 section 4.2: 2xx for yes, 4xx for not now, 5xx for no.
  package let code: Int
  /// In the server's words, of at most `maximumTextBytes`.
  package let text: String

  package static let maximumTextBytes = 500

  package init(code: Int, text: String) {
    self.code = code
    self.text = text
  }
}

/// Why a mail wasn't taken.
package enum SMTPError: Error, Equatable, Sendable {
  /// The server refused it, or its sender or recipient: for now by 4xx, for good by 5xx.
  case refused(SMTPReply)
  /// The server refused the user or the password.
  case loginRefused(SMTPReply)
  /// It never came so far, or the end isn't known.
  case transfer(HTTPClientError)
}
