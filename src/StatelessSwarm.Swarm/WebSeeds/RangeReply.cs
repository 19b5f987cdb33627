using System.Net;

namespace StatelessSwarm.Swarm.WebSeeds;

/// <summary>
/// Judges the head of a reply to a range request (RFC 9110 sections 14 and 15). Exactly the range that was asked for, or the whole
/// file where what has to be thrown away of it is little, is of use; nothing else is.
/// </summary>
internal static class RangeReply
{
    /// <summary>Bytes before the wanted ones that are read and thrown away at most when a server ignores ranges: 1 MiB.</summary>
    public const long MaxSkip = 1024 * 1024;

    /// <summary>Longest wait a server may impose: 5 min.</summary>
    public static readonly TimeSpan LongestRetryAfter = TimeSpan.FromMinutes(5);

    /// <summary>Null when the body is of use.</summary>
    /// <param name="response">The reply.</param>
    /// <param name="offset">First byte asked for.</param>
    /// <param name="length">Bytes asked for.</param>
    /// <param name="fileLength">Bytes of the file, by the torrent.</param>
    /// <param name="now">The time, for a Retry-After that names a date.</param>
    /// <param name="skip">Bytes of the body before the first one asked for.</param>
    public static WebSeedFault? Check(
        HttpResponseMessage response,
        long offset,
        long length,
        long fileLength,
        DateTimeOffset now,
        out long skip
    )
    {
        skip = 0;
        var headers = response.Content.Headers;
        if (response.StatusCode is HttpStatusCode.PartialContent or HttpStatusCode.OK && headers.ContentEncoding.Count > 0)
            return Final("it answers with an encoded body, though none was asked for");
        switch (response.StatusCode)
        {
            case HttpStatusCode.PartialContent:
                var range = headers.ContentRange;
                if (range is null || !range.HasRange || range.Unit != "bytes")
                    return Final("it answers 206 without a Content-Range");
                if (range.From != offset || range.To != offset + length - 1 || (range.HasLength && range.Length != fileLength))
                    return Final($"it answers Content-Range {range}, expected bytes {offset}-{offset + length - 1}/{fileLength}");
                return headers.ContentLength is { } partLength && partLength != length
                    ? Final($"it announces {partLength} bytes for a range of {length}")
                    : null;
            case HttpStatusCode.OK:
                if (headers.ContentLength is { } wholeLength && wholeLength != fileLength)
                    return Final($"its file has {wholeLength} bytes, the torrent says {fileLength}");
                skip = offset;
                return skip > MaxSkip ? Final($"it ignores ranges: byte {offset} cannot be had without all before it") : null;
            case HttpStatusCode.RequestedRangeNotSatisfiable:
                return Final($"its file is shorter than the torrent says ({fileLength} bytes)");
            case HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout or >= HttpStatusCode.InternalServerError:
                return new WebSeedFault($"it answers {(int)response.StatusCode}", false, RetryAfter(response, now));
            default:
                return Final($"it answers {(int)response.StatusCode}");
        }
    }

    /// <summary>The status sends us somewhere else.</summary>
    public static bool IsRedirect(HttpStatusCode status) =>
        status
            is HttpStatusCode.MovedPermanently
                or HttpStatusCode.Found
                or HttpStatusCode.SeeOther
                or HttpStatusCode.TemporaryRedirect
                or HttpStatusCode.PermanentRedirect;

    /// <summary>Where a redirect leads; null when that is not http or https, or would give up https.</summary>
    public static Uri? TargetOf(HttpResponseMessage response, Uri from)
    {
        if (response.Headers.Location is not { } location || !Uri.TryCreate(from, location, out var target))
            return null;
        return target.Scheme == Uri.UriSchemeHttps || (target.Scheme == Uri.UriSchemeHttp && from.Scheme == Uri.UriSchemeHttp)
            ? target
            : null;
    }

    private static TimeSpan RetryAfter(HttpResponseMessage response, DateTimeOffset now)
    {
        var said = response.Headers.RetryAfter;
        var wait = said?.Delta ?? (said?.Date is { } date ? date - now : TimeSpan.Zero);
        return TimeSpan.FromTicks(Math.Clamp(wait.Ticks, 0, LongestRetryAfter.Ticks));
    }

    private static WebSeedFault Final(string reason) => new(reason, true);
}
