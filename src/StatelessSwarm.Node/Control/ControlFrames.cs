using System.Buffers.Binary;
using StatelessSwarm.Content;

namespace StatelessSwarm.Node.Control;

/// <summary>
/// Frames on the control socket: a length of 4 bytes, big endian, from 1 to <see cref="MaxReply"/> (requests:
/// <see cref="MaxRequest"/>), then that many bytes of <see cref="ControlCodec"/>.
/// </summary>
public static class ControlFrames
{
    /// <summary>Largest request body: 256 bytes.</summary>
    public const int MaxRequest = 256;

    /// <summary>Largest reply body: 256 KiB, many times a status with all its records.</summary>
    public const int MaxReply = 256 * 1024;

    private const int HeadBytes = 4;

    /// <summary>Writes one frame.</summary>
    public static async Task WriteAsync(Stream stream, ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(body.Length, MaxReply);
        var frame = new byte[HeadBytes + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, body.Length);
        body.CopyTo(frame.AsMemory(HeadBytes));
        await stream.WriteAsync(frame, cancellation);
    }

    /// <summary>Reads one frame; null when the stream ended before its first byte.</summary>
    /// <exception cref="ContentException">The length is outside its range.</exception>
    /// <exception cref="EndOfStreamException">The stream ended inside the frame.</exception>
    public static async Task<byte[]?> ReadAsync(Stream stream, int maxBytes, CancellationToken cancellation)
    {
        var head = new byte[HeadBytes];
        var count = await stream.ReadAtLeastAsync(head, HeadBytes, throwOnEndOfStream: false, cancellation);
        if (count == 0)
            return null;
        if (count < HeadBytes)
            throw new EndOfStreamException("control frame: ended inside its length");
        var length = BinaryPrimitives.ReadInt32BigEndian(head);
        if (length < 1 || length > maxBytes)
            throw new ContentException($"control frame: length {length}, expected 1 to {maxBytes}");
        var body = new byte[length];
        await stream.ReadExactlyAsync(body, cancellation);
        return body;
    }
}
