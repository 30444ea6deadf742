/// Hands texts from one sender to one receiver, one at a time: the sender waits until its text is
/// taken.
actor Handoff {
  private var waitingText: String?
  private var sender: CheckedContinuation<Bool, Never>?
  private var receiver: CheckedContinuation<String?, Never>?
  private var isFinished = false
  private var beatsWithoutReceiver = 0

  /// Waits until `text` is taken; false where nobody takes any more.
  func send(_ text: String) async -> Bool {
    guard !isFinished else { return false }
    if let receiver {
      self.receiver = nil
      receiver.resume(returning: text)
      return true
    }
    waitingText = text
    return await withCheckedContinuation { sender = $0 }
  }

  /// The next text; nil at the end.
  func receive() async -> String? {
    beatsWithoutReceiver = 0
    if let text = waitingText {
      waitingText = nil
      sender?.resume(returning: true)
      sender = nil
      return text
    }
    guard !isFinished else { return nil }
    return await withCheckedContinuation { receiver = $0 }
  }

  /// Gives the receiver a heartbeat if it waits, and returns for how many beats in a row it
  /// hasn't come back from writing.
  func beat() -> Int {
    if let receiver {
      self.receiver = nil
      receiver.resume(returning: ":\n\n")
    } else {
      beatsWithoutReceiver += 1
    }
    return beatsWithoutReceiver
  }

  /// Ends the exchange: a text that nobody took is dropped.
  func finish() {
    isFinished = true
    waitingText = nil
    sender?.resume(returning: false)
    sender = nil
    receiver?.resume(returning: nil)
    receiver = nil
  }
}
