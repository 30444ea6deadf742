package import CustomerMessages
internal import HTTPClient
package import Settings

extension MailSettings {
  /// From where customers' mails are sent.
  package var outbox: MailChannel.Outbox {
    MailChannel.Outbox(
      server: MailServer(
        url: server, security: allowsPlainText ? .none : .required,
        credential: login.map { .init(user: $0.user, password: $0.password.text) },
        trustedCertificates: certificates), sender: from, senderName: fromName, replyTo: replyTo)
  }
}
