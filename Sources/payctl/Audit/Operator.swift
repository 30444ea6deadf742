internal import Audit
internal import Database
internal import Foundation

/// Who runs `payctl`, as the audit log names them: by what `--by` says, else by the machine's user.
enum Operator {
  /// - Parameter tenant: whose thing is decided about; nil for what belongs to no tenant
  static func author(by name: String? = nil, for tenant: String?) -> AuditAuthor {
    AuditAuthor(tenant: tenant, actor: "payctl:\(name ?? NSUserName())", roles: ["operator"])
  }
}
