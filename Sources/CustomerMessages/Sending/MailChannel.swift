internal import Bytes
package import ChainTypes
package import Database
package import HTTPClient
package import Messages
package import Notifications

/// Sends messages by mail.
///
/// A mail that was taken though its server's answer got lost is sent again, with the same
/// Message-ID: mail programs show it once.
package struct MailChannel: DeliveryChannel {
  package let name = ChannelName.email
  let writer: MessageWriter
  let client: any MailSubmitting
  let outbox: Outbox

  /// From where mail is sent.
  package struct Outbox: Sendable {
    package let server: MailServer
    package let sender: MailAddress
    /// Before the sender's address; the shop's name where it is nil.
    package let senderName: String?
    package let replyTo: MailAddress?
    package let timeoutMilliseconds: Int

    package init(
      server: MailServer, sender: MailAddress, senderName: String? = nil,
      replyTo: MailAddress? = nil, timeoutMilliseconds: Int = 30_000
    ) {
      self.server = server
      self.sender = sender
      self.senderName = senderName
      self.replyTo = replyTo
      self.timeoutMilliseconds = timeoutMilliseconds
    }
  }

  package init(writer: MessageWriter, client: any MailSubmitting, outbox: Outbox) {
    self.writer = writer
    self.client = client
    self.outbox = outbox
  }

  package func attempt(_ delivery: Delivery) async -> DeliveryOutcome {
    do {
      switch try await writer.write(delivery, for: .email) {
      case .unwanted(let reason): return .canceled(AttemptNote(reason))
      case .early(let reason, let seconds):
        return .postponed(AttemptNote(reason), afterSeconds: seconds)
      case .message(let message, let preferences):
        guard let address = preferences.email else {
          return .canceled(AttemptNote("there is no address"))
        }
        return await send(
          mail(message, to: address, preferences, delivery), to: address)
      }
    } catch {
      return .postponed(AttemptNote("it can't be written now"), cause: "\(error)")
    }
  }

  private func mail(
    _ message: Message, to address: MailAddress, _ preferences: CustomerPreferences,
    _ delivery: Delivery
  ) -> MailMessage {
    let replyTo = outbox.replyTo ?? outbox.sender
    return MailMessage(
      from: .init(name: outbox.senderName ?? message.shop, address: outbox.sender), to: address,
      replyTo: outbox.replyTo, subject: message.subject, text: message.text,
      language: preferences.language, date: delivery.createdAt, id: delivery.id,
      unsubscribe: writer.unsubscribeLink(preferences) ?? replyTo.text)
  }

  private func send(_ mail: MailMessage, to address: MailAddress) async -> DeliveryOutcome {
    let submission = MailSubmission(
      server: outbox.server, sender: outbox.sender.text, recipients: [address.text],
      message: mail.bytes, timeoutMilliseconds: outbox.timeoutMilliseconds)
    do throws(SMTPError) {
      let reply = try await client.submit(submission)
      return .sent(Self.note("the mail server has taken it", reply))
    } catch {
      return Self.outcome(of: error)
    }
  }

  /// What the server says of the mail concerns its receiver; that it isn't there, or doesn't take
  /// our password, concerns everybody.
  private static func outcome(of error: SMTPError) -> DeliveryOutcome {
    switch error {
    case .refused(let reply):
      // Nobody waits for a mailbox that isn't there.
      (500...599).contains(reply.code)
        ? .failed(note("the mail server refused it", reply))
        : .retry(note("the mail server doesn't take it now", reply))
    case .loginRefused(let reply):
      .postponed(
        AttemptNote("the mail server doesn't let us in", code: reply.code),
        cause: reply.text.withoutControls)
    case .transfer(let error):
      .postponed(
        AttemptNote("the mail server can't be reached now"), cause: "\(error)".withoutControls)
    }
  }

  private static func note(_ detail: String, _ reply: SMTPReply) -> AttemptNote {
    AttemptNote(detail, code: reply.code, answer: reply.text.withoutControls)
  }

  /// A customer whose mails fail for days may have them arrive again: each is tried for itself.
  package func retire(
    _ target: DeliveryTarget, because reason: RetirementReason, now: Timestamp,
    in connection: any SQLConnection
  ) throws {
    guard reason == .failing else { return }
    try Deliveries.restore(target, now: now, in: connection)
  }
}
