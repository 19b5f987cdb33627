using System.Buffers;
using MessagePack;
using StatelessSwarm.Content;
using StatelessSwarm.Node.Limits;
using StatelessSwarm.Node.Updating;

namespace StatelessSwarm.Node.Control;

/// <summary>
/// Bodies of frames on the control socket (the frame itself: <see cref="ControlFrames"/>). MessagePack arrays, exact lengths:
/// <code>
/// request  [1, kind]   [1, 6, limit change]
/// reply    [1, 1, status]   [1, 2, [outcome, release, note]]   [1, 3, [fault kind, line]]   [1, 4, limits]
///          [1, 5, plan]   [1, 6, [[digest, is staged, bytes] ...]]
/// </code>
/// The first number is the protocol's version. The decoder refuses anything else, bytes after the end included.
/// </summary>
public static class ControlCodec
{
    /// <summary>Version of the protocol.</summary>
    public const int Version = 1;

    private const int MaxNote = 4096;

    /// <summary>Bytes of a request.</summary>
    public static byte[] Encode(ControlRequest request)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(buffer);
        writer.WriteArrayHeader(request.Kind == ControlRequestKind.Limit ? 3 : 2);
        writer.Write(Version);
        writer.Write((int)request.Kind);
        if (request.Kind == ControlRequestKind.Limit)
            LimitPack.Write(ref writer, request.Limits ?? LimitChange.Nothing);
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads a request.</summary>
    /// <exception cref="ContentException">Not a request of this version.</exception>
    public static ControlRequest DecodeRequest(ReadOnlyMemory<byte> body) =>
        Pack.Decode(
            body,
            "control request",
            static (ref MessagePackReader reader) =>
            {
                var fields = Pack.ArrayUpTo(ref reader, 3, "request");
                ReadVersion(ref reader);
                var kind = (ControlRequestKind)Pack.Int(ref reader, "request kind", 1, (int)ControlRequestKind.Leave);
                var expected = kind == ControlRequestKind.Limit ? 3 : 2;
                if (fields != expected)
                    throw new ContentException($"request: {fields} elements, expected {expected}");
                return new ControlRequest(kind, kind == ControlRequestKind.Limit ? LimitPack.ReadChange(ref reader) : null);
            }
        );

    /// <summary>Bytes of a reply.</summary>
    public static byte[] Encode(ControlReply reply)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(buffer);
        writer.WriteArrayHeader(3);
        writer.Write(Version);
        writer.Write((int)reply.Kind);
        switch (reply.Kind)
        {
            case ControlReplyKind.Status:
                StatusPack.Write(ref writer, reply.Status!);
                break;
            case ControlReplyKind.Done:
                writer.WriteArrayHeader(3);
                writer.Write((int)reply.Result!.Outcome);
                StatusPack.Write(ref writer, reply.Result.Release);
                writer.Write(reply.Result.Note);
                break;
            case ControlReplyKind.Failed:
                StatusPack.Write(ref writer, reply.Fault!);
                break;
            case ControlReplyKind.Limits:
                LimitPack.Write(ref writer, reply.Limits!);
                break;
            case ControlReplyKind.Plan:
                PlanPack.Write(ref writer, reply.Plan!);
                break;
            case ControlReplyKind.Collected:
                PlanPack.Write(ref writer, reply.Collected!);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(reply), reply.Kind, "no such kind");
        }
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads a reply.</summary>
    /// <exception cref="ContentException">Not a reply of this version.</exception>
    public static ControlReply DecodeReply(ReadOnlyMemory<byte> body) =>
        Pack.Decode(
            body,
            "control reply",
            static (ref MessagePackReader reader) =>
            {
                Pack.Array(ref reader, 3, "reply");
                ReadVersion(ref reader);
                switch ((ControlReplyKind)Pack.Int(ref reader, "reply kind", 1, (int)ControlReplyKind.Collected))
                {
                    case ControlReplyKind.Status:
                        return ControlReply.Of(StatusPack.ReadStatus(ref reader));
                    case ControlReplyKind.Done:
                        Pack.Array(ref reader, 3, "result");
                        var outcome = (UpdateOutcome)Pack.Int(ref reader, "outcome", 1, (int)UpdateOutcome.Held);
                        var release = StatusPack.ReadSlot(ref reader);
                        return ControlReply.Of(new UpdateResult(outcome, release, Pack.Text(ref reader, "note", MaxNote)));
                    case ControlReplyKind.Limits:
                        return ControlReply.Of(LimitPack.ReadStatus(ref reader));
                    case ControlReplyKind.Plan:
                        return ControlReply.Of(PlanPack.ReadPlan(ref reader));
                    case ControlReplyKind.Collected:
                        return ControlReply.Of(PlanPack.ReadCollected(ref reader));
                    default:
                        return ControlReply.Of(StatusPack.ReadFault(ref reader));
                }
            }
        );

    private static void ReadVersion(ref MessagePackReader reader)
    {
        var version = Pack.Int(ref reader, "version", 0, int.MaxValue);
        if (version != Version)
            throw new ContentException($"version {version}, expected {Version}: client and daemon differ, restart the daemon");
    }
}
