internal import Bitcoin
internal import ChainTracking
internal import ChainTypes

/// What a scan looks for: outputs to watched scripts, and spends of what pending transfers spend and
/// of what outgoing transactions may.
///
/// Lives for one scan, so that neither the set nor the tracker is copied when it changes next.
struct WatchedOutputs: OutputWatching {
  let set: WatchSet
  let tracker: TransferTracker
  var slots: Set<OutgoingSlot> = []

  func watches(scriptPubKey: RawSpan) -> Bool { set.contains(scriptPubKey) }

  func watches(spending outpoint: Outpoint) -> Bool {
    tracker.isPendingInput(outpoint) || (!slots.isEmpty && slots.contains(.outpoint(outpoint)))
  }

  var watchesInputs: Bool { tracker.hasPendingInputs || !slots.isEmpty }
}

/// What a rescan looks for: outputs to watched scripts only.
struct WatchedScripts: OutputWatching {
  let set: WatchSet

  func watches(scriptPubKey: RawSpan) -> Bool { set.contains(scriptPubKey) }

  func watches(spending outpoint: Outpoint) -> Bool { false }

  var watchesInputs: Bool { false }
}
