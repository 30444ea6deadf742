internal import Bitcoin
internal import ChainTracking
internal import ChainTypes

/// What a scan looks for: outputs to watched scripts, and spends of what pending transfers spend
/// and of what outgoing transactions may.
///
/// Lives for one scan, so that neither the set nor the tracker is copied when it changes next.
struct WatchedOutputs: OutputWatching {
  let scripts: WatchSet
  /// Nil where outputs alone are looked for, as in a rescan.
  var tracker: TransferTracker?
  var slots: Set<OutgoingSlot> = []

  func watches(spending outpoint: Outpoint) -> Bool {
    tracker?.isPendingInput(outpoint) == true
      || (!slots.isEmpty && slots.contains(.outpoint(outpoint)))
  }

  var watchesInputs: Bool { tracker?.hasPendingInputs == true || !slots.isEmpty }
}
