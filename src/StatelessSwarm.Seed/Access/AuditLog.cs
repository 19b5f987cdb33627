using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text.Json;

namespace StatelessSwarm.Seed.Access;

/// <summary>
/// Who was let in, and who was refused at the door: one JSON object per line, appended to a file that is opened for each, so that it may be
/// moved away at any time. Without a file the same goes to the log. No secret is ever in it.
/// </summary>
/// <param name="path">The file, or null.</param>
/// <param name="time">Clock.</param>
/// <param name="logger">Told as well.</param>
internal sealed partial class AuditLog(string? path, TimeProvider time, ILogger logger)
{
    private readonly Lock _gate = new();

    /// <summary>A machine was given a certificate.</summary>
    public void Enrolled(IPAddress? client, string name, string keyId, string token)
    {
        LogEnrolled(client, name, keyId, token);
        Write("enrolled", client, ("name", name), ("key_id", keyId), ("token", token));
    }

    /// <summary>A machine's certificate was renewed.</summary>
    public void Renewed(IPAddress? client, string name, string keyId)
    {
        LogRenewed(client, name, keyId);
        Write("renewed", client, ("name", name), ("key_id", keyId));
    }

    /// <summary>A request at the door was refused.</summary>
    public void Refused(IPAddress? client, string what, string reason)
    {
        LogRefused(client, what, reason);
        Write("refused", client, ("request", what), ("reason", reason));
    }

    /// <summary>The list of those who are out has changed.</summary>
    public void RevocationsTaken(int count)
    {
        LogRevocations(count);
        Write("revocations", null, ("keys", count.ToString(CultureInfo.InvariantCulture)));
    }

    private void Write(string kind, IPAddress? client, params ReadOnlySpan<(string Name, string Value)> fields)
    {
        if (path is null)
            return;
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("time", time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
            json.WriteString("event", kind);
            if (client is not null)
                json.WriteString("client", client.ToString());
            foreach (var (name, value) in fields)
                json.WriteString(name, value);
            json.WriteEndObject();
        }
        buffer.Write("\n"u8);
        lock (_gate)
        {
            try
            {
                using var file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read | FileShare.Delete, 1);
                file.Write(buffer.WrittenSpan);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                LogNotWritten(fault.Message);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Client}: enrolled {Name}, key {KeyId}, token {Token}")]
    private partial void LogEnrolled(IPAddress? client, string name, string keyId, string token);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Client}: renewed {Name}, key {KeyId}")]
    private partial void LogRenewed(IPAddress? client, string name, string keyId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Client}: {What} refused: {Reason}")]
    private partial void LogRefused(IPAddress? client, string what, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} key(s) are out of the swarm")]
    private partial void LogRevocations(int count);

    [LoggerMessage(Level = LogLevel.Error, Message = "the audit log cannot be written: {Reason}")]
    private partial void LogNotWritten(string reason);
}
