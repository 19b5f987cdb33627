using System.Globalization;
using System.Text;

namespace StatelessSwarm.Swarm.Connections;

/// <summary>
/// Answers one HTTP GET (RFC 9112) on the port for peers, then the connection closes: how neighbours hand on the small signed files
/// of a repository when its server is gone. No ranges, no bodies, no other methods; a request head has at most
/// <see cref="MaxHeadBytes"/> bytes, and the handshake's time limit bounds all of it.
/// </summary>
internal static class SmallFileServer
{
    /// <summary>Longest request head.</summary>
    internal const int MaxHeadBytes = 4096;

    /// <summary>First bytes of a request; no BitTorrent handshake begins so, and an encrypted one by accident only.</summary>
    internal static ReadOnlySpan<byte> Start => "GET /"u8;

    /// <summary>Answers a request whose first bytes came already.</summary>
    /// <param name="link">Connected.</param>
    /// <param name="received">What came; begins with <see cref="Start"/>.</param>
    /// <param name="fileAt">The file of a path without its first '/', or null; it bounds what is served.</param>
    /// <param name="cancellation">Ends it.</param>
    internal static async Task AnswerAsync(PeerLink link, ReadOnlyMemory<byte> received, Func<string, byte[]?> fileAt, CancellationToken cancellation)
    {
        var head = new byte[MaxHeadBytes];
        received.CopyTo(head);
        var filled = received.Length;
        int end;
        while ((end = head.AsSpan(0, filled).IndexOf("\r\n\r\n"u8)) < 0)
        {
            if (filled == head.Length)
            {
                await SendAsync(link, "431 Request Header Fields Too Large", default, cancellation);
                return;
            }
            var count = await link.ReceiveAsync(head.AsMemory(filled), cancellation);
            if (count == 0)
                return;
            filled += count;
        }
        var path = PathOf(head.AsSpan(0, end));
        var file = path is null ? null : fileAt(path);
        await (file is not null ? SendAsync(link, "200 OK", file, cancellation) : SendAsync(link, path is null ? "400 Bad Request" : "404 Not Found", default, cancellation));
    }

    // request-line = GET /path HTTP/1.1
    private static string? PathOf(ReadOnlySpan<byte> head)
    {
        var line = head.IndexOf("\r\n"u8) is >= 0 and var lineEnd ? head[..lineEnd] : head;
        var target = line[Start.Length..];
        var space = target.IndexOf((byte)' ');
        if (space < 0 || !target[(space + 1)..].StartsWith("HTTP/1."u8))
            return null;
        target = target[..space];
        return target.ContainsAnyExceptInRange((byte)'!', (byte)'~') || target.ContainsAny("%?#\\"u8) ? null : Encoding.ASCII.GetString(target);
    }

    private static async Task SendAsync(PeerLink link, string status, ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        var head = string.Create(
            CultureInfo.InvariantCulture,
            $"HTTP/1.1 {status}\r\nContent-Length: {body.Length}\r\nContent-Type: application/octet-stream\r\nConnection: close\r\n\r\n"
        );
        await link.SendAsync((byte[])[.. Encoding.ASCII.GetBytes(head), .. body.Span], cancellation);
        await link.FinishAsync();
        // closing with bytes unread would reset the connection and take the answer with it
        var rest = new byte[512];
        for (var reads = 0; reads < 16 && await link.ReceiveAsync(rest, cancellation) > 0; reads++)
        {
        }
    }
}
