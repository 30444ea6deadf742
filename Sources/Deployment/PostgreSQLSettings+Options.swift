internal import PostgreSQL
internal import Settings

extension PostgreSQLSettings {
  var options: PostgresOptions {
    var options = PostgresOptions(connection: url)
    options.password = password?.text
    options.poolSize = connections
    options.statementTimeoutMilliseconds = statementTimeoutMilliseconds
    return options
  }
}
