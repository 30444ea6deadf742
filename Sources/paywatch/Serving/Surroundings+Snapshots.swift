internal import ChainTypes
internal import Logging
internal import Settings
internal import Settlement
internal import Watching

extension Surroundings {
  /// Keeps snapshots of what a watcher watches, and tells the log of them; nil where none are kept.
  func snapshots(
    of watcher: any ChainWatcher, _ spec: ChainSpec, logger: Logger
  ) -> SnapshotKeeping? {
    guard let directory = plan.configuration.watchSnapshotDirectory else { return nil }
    let snapshots = WatchSnapshots(
      directory: directory, chain: spec.name,
      records: WatchSnapshotRecords(database: database, family: spec.family))
    return SnapshotKeeping(snapshots, of: watcher) { news in
      switch news {
      case .loaded(let addresses):
        logger.info("watching a snapshot's addresses", metadata: ["addresses": "\(addresses)"])
      case .refused(let error):
        logger.warning(
          "the snapshot of addresses isn't used; they are read from the database",
          metadata: ["reason": "\(error)"])
      case .saved(let addresses):
        logger.info("wrote a snapshot of addresses", metadata: ["addresses": "\(addresses)"])
      case .notSaved(let error):
        logger.warning(
          "no snapshot of addresses was written", metadata: ["reason": "\(error)"])
      }
    }
  }
}
