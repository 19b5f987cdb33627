using System.Security.Cryptography;
using System.Text;
using Microsoft.Net.Http.Headers;
using StatelessSwarm.Seed.Hosting;
using StatelessSwarm.Seed.Status;
using StatelessSwarm.Swarm.Limits;

namespace StatelessSwarm.Seed.Files;

/// <summary>
/// The repository over HTTP: static files with ranges (RFC 9110 section 14), strong entity tags, conditional requests.
/// <para>
/// A file of a release never changes, so its tag is the SHA-256 of its path, which holds the release's digest, and it may be
/// cached for ever. Metadata is read whole and tagged with the SHA-256 of its content, so tag and bytes always belong
/// together, and is asked for again every time. What is opened must really lie below the repository: a link that leads out
/// is not found.
/// </para>
/// </summary>
internal sealed class RepositoryFiles
{
    /// <summary>Largest metadata file served: 4 MiB.</summary>
    private const int MaxMetadataBytes = 4 * 1024 * 1024;

    /// <summary>errno ELOOP.</summary>
    private const int TooManyLinks = 40;

    private readonly string _directory;
    private readonly SeedCounters _counters;
    private readonly ByteBudget? _origin;
    private string _realDirectory;

    /// <summary>Serves a repository.</summary>
    /// <param name="directory">The repository.</param>
    /// <param name="counters">Counts what is sent.</param>
    /// <param name="origin">Budget of what is sent; null for no limit.</param>
    public RepositoryFiles(string directory, SeedCounters counters, ByteBudget? origin = null)
    {
        _origin = origin;
        _directory = Path.GetFullPath(directory);
        _counters = counters;
        _realDirectory = RealPath.Resolve(_directory);
    }

    /// <summary>Answers a GET or HEAD for <paramref name="path"/>.</summary>
    public async Task ServeAsync(HttpContext context, RepositoryPath path)
    {
        var fullPath = Path.Combine(_directory, path.Relative);
        ServedFile file;
        try
        {
            file = new ServedFile(fullPath, _counters, _origin);
        }
        catch (Exception exception) when (IsAbsent(exception))
        {
            await RefuseAsync(context, StatusCodes.Status404NotFound, "not found: no such file in the repository");
            return;
        }
        await using (file)
        {
            if (!IsInside(RealPath.OfOpenFile(file.SafeFileHandle, fullPath)) || !file.CanSeek)
            {
                await RefuseAsync(context, StatusCodes.Status404NotFound, "not found: no such file in the repository");
                return;
            }
            _counters.FileRequested();
            context.Response.Headers.XContentTypeOptions = "nosniff";
            // the framework's range code looks at the numbers only; RFC 9110 14.2 has us ignore a unit we do not know
            if (!context.Request.Headers.Range.ToString().StartsWith("bytes=", StringComparison.OrdinalIgnoreCase))
                context.Request.Headers.Remove(HeaderNames.Range);
            await (path.IsImmutable ? SendImmutableAsync(context, path, file) : SendMetadataAsync(context, path, file));
        }
    }

    /// <summary>Nothing there, a directory, a file this server may not read, links in a ring: to a client all the same.</summary>
    private static bool IsAbsent(Exception exception) =>
        exception is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException or PathTooLongException
        || (exception is IOException && exception.HResult == TooManyLinks);

    private static Task SendImmutableAsync(HttpContext context, RepositoryPath path, ServedFile file)
    {
        context.Response.Headers.CacheControl = "public, max-age=31536000, immutable";
        return Results
            .Stream(
                file,
                ContentType(path),
                lastModified: new DateTimeOffset(File.GetLastWriteTimeUtc(file.SafeFileHandle)),
                entityTag: Tag(SHA256.HashData(Encoding.UTF8.GetBytes(path.Relative))),
                enableRangeProcessing: true
            )
            .ExecuteAsync(context);
    }

    private async Task SendMetadataAsync(HttpContext context, RepositoryPath path, ServedFile file)
    {
        if (file.Length > MaxMetadataBytes)
        {
            await RefuseAsync(
                context,
                StatusCodes.Status500InternalServerError,
                $"metadata file too large: expected at most {MaxMetadataBytes} bytes"
            );
            return;
        }
        // Small, and nothing moves without it: it counts, but never waits.
        _origin?.Charge((int)file.Length);
        var content = new byte[(int)file.Length];
        var length = await RandomAccess.ReadAsync(file.SafeFileHandle, content, 0, context.RequestAborted);
        var whole = content.AsMemory(0, length);
        context.Response.Headers.CacheControl = "no-cache";
        await Results
            .Bytes(
                whole,
                ContentType(path),
                lastModified: new DateTimeOffset(File.GetLastWriteTimeUtc(file.SafeFileHandle)),
                entityTag: Tag(SHA256.HashData(whole.Span)),
                enableRangeProcessing: true
            )
            .ExecuteAsync(context);
        if (!HttpMethods.IsHead(context.Request.Method))
            _counters.FileBytes(context.Response.ContentLength ?? 0);
    }

    private bool IsInside(string realPath)
    {
        if (IsBelow(realPath, _realDirectory))
            return true;
        // the repository itself may be a link that a publisher moved since
        var now = RealPath.Resolve(_directory);
        if (now == _realDirectory)
            return false;
        _realDirectory = now;
        return IsBelow(realPath, now);
    }

    private static bool IsBelow(string path, string directory) =>
        path.Length > directory.Length
        && path.StartsWith(directory, StringComparison.Ordinal)
        && (directory == "/" || path[directory.Length] == '/');

    private Task RefuseAsync(HttpContext context, int status, string reason)
    {
        _counters.RequestRefused();
        return PlainResponse.FailAsync(context, status, reason);
    }

    private static EntityTagHeaderValue Tag(byte[] sha256) => new($"\"{Convert.ToHexStringLower(sha256.AsSpan(0, 16))}\"");

    private static string ContentType(RepositoryPath path) =>
        Path.GetExtension(path.Relative) switch
        {
            ".mp" => "application/vnd.msgpack",
            ".torrent" => "application/x-bittorrent",
            _ => "application/octet-stream",
        };
}
