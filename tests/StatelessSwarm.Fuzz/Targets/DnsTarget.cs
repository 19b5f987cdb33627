using System.Net;
using StatelessSwarm.Discovery.Messages;

namespace StatelessSwarm.Fuzz.Targets;

/// <summary>
/// <see cref="Message"/>: everything a message holds can be looked into, and its records are the same when they are written and read
/// again.
/// </summary>
internal sealed class DnsTarget : FuzzTarget
{
    private static readonly DomainName Service = DomainName.Parse("_stateless._tcp.local");
    private static readonly DomainName Instance = Service.Child("node 1");
    private static readonly DomainName Host = DomainName.Parse("host1.local");

    public override string Name => "dns";

    public override int MaxInput => MessageReader.MaxPacketLength;

    public override IReadOnlyList<byte[]> Words =>
        [[0xc0, 12], [0xc0, 0], [0xff, 0xff], [0, 12, 0, 1], [0, 33, 0x80, 1], [0, 47, 0, 1], [0, 16, 0, 1], [63], [0], .. WordsOf("\u0005local\0", "\u000a_stateless\u0004_tcp\u0005local\0")];

    public override long MaxAllocated(int length) => 4 * 1024 * 1024 + 4096L * length;

    public override void Run(ReadOnlySpan<byte> input)
    {
        if (Message.Read(input, out var message) != MessageFault.None)
        {
            Require(message is null, "a fault leaves no message");
            return;
        }
        foreach (var question in message!.Questions)
            Require(question.Name.Wire.Length is >= 1 and <= DomainName.MaxLength, "a name of bounded length");
        ResourceRecord[] records = [.. message.Answers, .. message.Authorities, .. message.Additionals];
        foreach (var record in records)
            LookInto(record);
        foreach (var packet in MessageComposer.Response(records, []))
        {
            Require(packet.Length <= MessageComposer.MaxLength, "no packet is too long");
            Require(Message.Read(packet, out var again) == MessageFault.None, "what is written can be read");
            Require(again!.Answers.TrueForAll(answer => Array.Exists(records, record => record.IsSameAs(answer))), "records are the same when read again");
        }
    }

    public override IEnumerable<(string Name, byte[] Bytes)> Seeds()
    {
        yield return ("query", MessageComposer.Query([new Question(Service, RecordType.Ptr, true)], [Pointer()])[0]);
        yield return ("response", MessageComposer.Response([Pointer(), .. Rest()], [])[0]);
        yield return ("probe", MessageComposer.Probe([new Question(Instance, RecordType.Any)], Rest())[0]);
    }

    private static void LookInto(ResourceRecord record)
    {
        Require(record.IsSameAs(record), "a record is itself");
        _ = record.Name.TryGetLabel(out _);
        _ = record.ToString();
        switch (record.Type)
        {
            case RecordType.A or RecordType.Aaaa:
                RecordData.TryReadAddress(record, 1, allowsLoopback: false, out _);
                break;
            case RecordType.Ptr:
                _ = RecordData.ReadPointer(record).ToString();
                break;
            case RecordType.Srv:
                var (port, target) = RecordData.ReadService(record);
                Require(port is >= 0 and <= ushort.MaxValue && target.Wire.Length <= DomainName.MaxLength, "a port and a name");
                break;
            case RecordType.Txt:
                Require(RecordData.ReadText(record).Count <= RecordData.MaxTextPairs, "a bounded number of pairs");
                break;
            default:
                break;
        }
    }

    private static ResourceRecord Pointer() => new(Service, RecordType.Ptr, 4500, false, RecordData.Pointer(Instance));

    private static ResourceRecord[] Rest() =>
        [
            new(Instance, RecordType.Srv, 120, true, RecordData.Service(Host, 6881)),
            new(Instance, RecordType.Txt, 4500, true, RecordData.Text(new Dictionary<string, string> { ["id"] = "1", ["site"] = "a" })),
            new(Host, RecordType.A, 120, true, RecordData.Address(IPAddress.Parse("10.0.0.1"))),
            new(Host, RecordType.Nsec, 120, true, RecordData.Existence(Host, [RecordType.A])),
        ];
}
