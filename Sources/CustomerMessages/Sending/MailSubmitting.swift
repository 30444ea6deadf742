package import HTTPClient

/// Hands mail to a server.
package protocol MailSubmitting: Sendable {
  func submit(_ mail: MailSubmission) async throws(SMTPError) -> SMTPReply
}

extension HTTPClient: MailSubmitting {}
