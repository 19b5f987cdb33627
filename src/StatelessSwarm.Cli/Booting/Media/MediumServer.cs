using System.Globalization;
using System.Net;
using System.Security.Cryptography;

namespace StatelessSwarm.Cli.Booting.Media;

/// <summary>
/// Serves a repository on a boot medium to this machine alone, by HTTP on loopback: so what comes from a medium goes the same way, through
/// the same checks, as what comes from a server. GET and HEAD, single ranges; plain files below the directory only.
/// </summary>
internal sealed class MediumServer : IAsyncDisposable
{
    private const int FirstPort = 20_000;
    private const int Ports = 10_000;
    private const int Attempts = 50;
    private const int BufferSize = 256 * 1024;

    private readonly string _directory;
    private readonly HttpListener _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;

    private MediumServer(string directory, HttpListener listener, Uri address)
    {
        _directory = directory;
        _listener = listener;
        Address = address;
        _serving = ServeAsync();
    }

    /// <summary>Where it is to be asked.</summary>
    public Uri Address { get; }

    /// <summary>Starts it.</summary>
    /// <param name="directory">The repository.</param>
    /// <exception cref="IOException">No port is free.</exception>
    public static MediumServer Start(string directory)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var address = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FirstPort + RandomNumberGenerator.GetInt32(Ports)}/"));
            var listener = new HttpListener();
            listener.Prefixes.Add(address.AbsoluteUri);
            try
            {
                listener.Start();
                return new MediumServer(Path.GetFullPath(directory), listener, address);
            }
            catch (HttpListenerException)
            {
                listener.Close();
            }
        }
        throw new IOException("no free port on loopback for what is on the medium");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Close();
        await _serving;
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        var answering = new List<Task>();
        while (!_stop.IsCancellationRequested)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception fault) when (fault is HttpListenerException or ObjectDisposedException)
            {
                break;
            }
            answering.RemoveAll(static task => task.IsCompleted);
            answering.Add(AnswerAsync(context));
        }
        await Task.WhenAll(answering);
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        try
        {
            await AnswerAsync(context.Request, context.Response);
            context.Response.Close();
        }
        catch (Exception fault) when (fault is IOException or HttpListenerException or ObjectDisposedException or OperationCanceledException or UnauthorizedAccessException)
        {
            // The one who asked is gone, or the medium was taken out: it will ask again, or elsewhere.
            context.Response.Abort();
        }
    }

    private async Task AnswerAsync(HttpListenerRequest request, HttpListenerResponse response)
    {
        if (request.HttpMethod is not ("GET" or "HEAD"))
        {
            response.StatusCode = (int)HttpStatusCode.MethodNotAllowed;
            return;
        }
        if (PathOf(request.Url) is not { } path || !File.Exists(path))
        {
            response.StatusCode = (int)HttpStatusCode.NotFound;
            return;
        }
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, useAsync: true);
        var (first, last) = (0L, file.Length - 1);
        response.AddHeader("Accept-Ranges", "bytes");
        if (request.Headers["Range"] is { } range)
        {
            if (!TryReadRange(range, file.Length, out first, out last))
            {
                response.StatusCode = (int)HttpStatusCode.RequestedRangeNotSatisfiable;
                response.AddHeader("Content-Range", string.Create(CultureInfo.InvariantCulture, $"bytes */{file.Length}"));
                return;
            }
            response.StatusCode = (int)HttpStatusCode.PartialContent;
            response.AddHeader("Content-Range", string.Create(CultureInfo.InvariantCulture, $"bytes {first}-{last}/{file.Length}"));
        }
        response.ContentLength64 = last - first + 1;
        if (request.HttpMethod == "HEAD")
            return;
        file.Position = first;
        var buffer = new byte[BufferSize];
        for (var left = last - first + 1; left > 0;)
        {
            var part = buffer.AsMemory(0, (int)Math.Min(left, buffer.Length));
            await file.ReadExactlyAsync(part, _stop.Token);
            await response.OutputStream.WriteAsync(part, _stop.Token);
            left -= part.Length;
        }
    }

    private string? PathOf(Uri? url)
    {
        if (url is null)
            return null;
        var path = Path.GetFullPath(Path.Combine(_directory, Uri.UnescapeDataString(url.AbsolutePath).TrimStart('/')));
        return path.StartsWith(_directory + "/", StringComparison.Ordinal) ? path : null;
    }

    /// <summary>One range of bytes (RFC 9110, 14.2): first and last, to the end, or the last so many.</summary>
    internal static bool TryReadRange(string text, long length, out long first, out long last)
    {
        (first, last) = (0, length - 1);
        const string unit = "bytes=";
        if (!text.StartsWith(unit, StringComparison.OrdinalIgnoreCase) || text[unit.Length..].Split('-') is not [var from, var to])
            return false;
        if (from.Length == 0)
        {
            if (!long.TryParse(to, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count == 0)
                return false;
            first = Math.Max(0, length - count);
            return length > 0;
        }
        if (!long.TryParse(from, NumberStyles.None, CultureInfo.InvariantCulture, out first) || first >= length)
            return false;
        if (to.Length > 0)
        {
            if (!long.TryParse(to, NumberStyles.None, CultureInfo.InvariantCulture, out last) || last < first)
                return false;
            last = Math.Min(last, length - 1);
        }
        return true;
    }
}
