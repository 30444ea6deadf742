internal import Bitcoin
internal import ChainTracking
internal import ChainTypes

/// What a scan looks for: outputs to watched scripts, and spends of what pending transfers spend.
///
/// Lives for one scan, so that neither the set nor the tracker is copied when it changes next.
struct WatchedOutputs: OutputWatching {
  let set: WatchSet
  let tracker: TransferTracker

  func watches(scriptPubKey: RawSpan) -> Bool { set.contains(scriptPubKey) }

  func watches(spending outpoint: Outpoint) -> Bool { tracker.isPendingInput(outpoint) }

  var watchesInputs: Bool { tracker.hasPendingInputs }
}

/// What a rescan looks for: outputs to watched scripts only.
struct WatchedScripts: OutputWatching {
  let set: WatchSet

  func watches(scriptPubKey: RawSpan) -> Bool { set.contains(scriptPubKey) }

  func watches(spending outpoint: Outpoint) -> Bool { false }

  var watchesInputs: Bool { false }
}
