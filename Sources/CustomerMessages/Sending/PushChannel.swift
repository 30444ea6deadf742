package import ChainTypes
package import Database
internal import Messages
package import Notifications

/// Sends messages as pushes to customers' devices.
package struct PushChannel: DeliveryChannel {
  package let name = ChannelName.push
  let writer: MessageWriter
  let providers: [String: any PushProvider]

  package init(writer: MessageWriter, providers: [any PushProvider]) {
    self.writer = writer
    self.providers = Dictionary(providers.map { ($0.name, $0) }) { first, _ in first }
  }

  package func attempt(_ delivery: Delivery) async -> DeliveryOutcome {
    do {
      switch try await writer.write(delivery, for: .push) {
      case .unwanted(let reason): return .canceled(AttemptNote(reason))
      case .early(let reason, let seconds):
        return .postponed(AttemptNote(reason), afterSeconds: seconds)
      case .message(let message, let preferences):
        guard let address = preferences.push, let provider = providers[address.provider] else {
          return .canceled(AttemptNote("the device's provider isn't one that is known here"))
        }
        let push = PushMessage(
          id: delivery.id, token: address.token, title: message.shop, body: message.push,
          language: preferences.language)
        return try await note(await provider.send(push), address, of: delivery.target)
      }
    } catch {
      return .postponed(AttemptNote("it can't be sent now"), cause: "\(error)")
    }
  }

  /// As with mail: the next device, or the same one, may take what comes.
  package func retire(
    _ target: DeliveryTarget, because reason: RetirementReason, now: Timestamp,
    in connection: any SQLConnection
  ) throws {
    guard reason == .failing else { return }
    try Deliveries.restore(target, now: now, in: connection)
  }

  private func note(
    _ outcome: PushOutcome, _ address: PushAddress, of target: DeliveryTarget
  ) async throws -> DeliveryOutcome {
    switch outcome {
    case .sent: return .sent(AttemptNote("the provider has taken it"))
    case .refused(let reason): return .failed(AttemptNote(reason))
    case .unavailable(let reason, let seconds):
      return .retry(AttemptNote(reason), afterSeconds: seconds)
    case .unregistered:
      let now = writer.now()
      try await writer.database.groupedWrite { connection in
        try PreferenceRecords.forget(
          address, of: target.key, tenant: target.tenant, now: now, in: connection)
      }
      return .canceled(AttemptNote("the device isn't registered any more"))
    }
  }
}
