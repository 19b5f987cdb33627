using System.Text;

namespace StatelessSwarm.Content.Torrents;

/// <summary>
/// Rules for names inside a torrent: what may become a path on disk or a line on a terminal. A segment is 1 to 255 bytes of
/// UTF-8, not <c>.</c> or <c>..</c>, without slash, backslash or control characters.
/// </summary>
public static class TorrentPath
{
    /// <summary>Bytes in a segment: what Linux file systems hold.</summary>
    public const int MaxSegmentBytes = 255;

    /// <summary>Segments in a path.</summary>
    public const int MaxSegments = 32;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>True for a segment that keeps the rules.</summary>
    public static bool IsSegment(string segment)
    {
        if (segment.Length is 0 or > MaxSegmentBytes || segment is "." or "..")
            return false;
        foreach (var character in segment)
        {
            if (character is '/' or '\\' || char.IsControl(character))
                return false;
        }
        try
        {
            return Utf8.GetByteCount(segment) <= MaxSegmentBytes;
        }
        catch (EncoderFallbackException)
        {
            return false;
        }
    }

    /// <summary>Splits a relative path into checked segments; false for a path that breaks the rules.</summary>
    public static bool TrySplit(string path, out string[] segments)
    {
        segments = path.Length <= MaxSegments * (MaxSegmentBytes + 1) ? path.Split('/') : [];
        return segments.Length is > 0 and <= MaxSegments && Array.TrueForAll(segments, IsSegment);
    }

    internal static string Segment(ReadOnlySpan<byte> utf8, string field)
    {
        if (utf8.Length <= MaxSegmentBytes)
        {
            try
            {
                var text = Utf8.GetString(utf8);
                if (IsSegment(text))
                    return text;
            }
            catch (DecoderFallbackException) { }
        }
        throw new ContentException(
            $"torrent: {field}: expected a name of 1 to {MaxSegmentBytes} bytes of UTF-8, not . or .., without slashes or control characters"
        );
    }
}
