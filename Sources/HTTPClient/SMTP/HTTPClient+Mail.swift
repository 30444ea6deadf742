extension HTTPClient {
  /// Hands a mail to its server and waits until that has taken it for all recipients.
  ///
  /// A connection that breaks behind the mail's last line leaves open whether it was taken: who
  /// sends it again does so with the same Message-ID.
  @discardableResult
  package func submit(_ mail: MailSubmission) async throws(SMTPError) -> SMTPReply {
    if let mistake = mail.mistake { throw .transfer(.invalidRequest(mistake)) }
    guard !Task.isCancelled else { throw .transfer(.cancelled) }
    return try await result { .mail(mail, $0) }.get()
  }
}
