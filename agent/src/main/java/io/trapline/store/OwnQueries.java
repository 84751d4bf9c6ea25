package io.trapline.store;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.duckdb.DuckDBChunkedResult;
import org.duckdb.DuckDBConnection;
import org.duckdb.DuckDBPreparedStatement;

/// What the writer itself asks the database. Why a query fails decides whether the database is
/// moved aside, and a result that is streamed does not tell.
final class OwnQueries {
    private OwnQueries() {}

    /// @param sql answers one row with one number
    static long number(DuckDBConnection connection, String sql) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement(sql);
                ResultSet result = query.executeQuery()) {
            result.next();
            return result.getLong(1);
        } catch (SQLException e) {
            throw Queries.hidesReason(e) ? reason(connection, sql, e) : e;
        }
    }

    private static SQLException reason(
            DuckDBConnection connection, String sql, SQLException hidden) {
        try (PreparedStatement again = connection.prepareStatement(sql);
                DuckDBChunkedResult result = again.unwrap(DuckDBPreparedStatement.class).query()) {
            while (result.nextChunk()) {
                // Reads on to where it fails.
            }
            return hidden;
        } catch (SQLException e) {
            return e;
        }
    }
}
