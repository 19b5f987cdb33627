using System.Buffers.Binary;
using System.Net;
using CsCheck;
using StatelessSwarm.Discovery.Messages;

namespace StatelessSwarm.Discovery.Tests.Messages;

public sealed class MessageTests
{
    private static readonly Gen<string> Label = Gen.Char['a', 'z'].Array[1, 20].Select(chars => new string(chars));

    private static readonly Gen<DomainName> Name = Label
        .Array[1, 6]
        .Select(labels => labels.Aggregate(DomainName.Local, (name, label) => name.Child(label)));

    private static readonly Gen<ResourceRecord> Record = Gen.OneOf(
        Gen.Select(Name, Gen.UInt, Gen.Bool, Gen.Byte.Array[4])
            .Select((name, ttl, flush, data) => new ResourceRecord(name, RecordType.A, ttl, flush, data)),
        Gen.Select(Name, Gen.UInt, Gen.Bool, Gen.Byte.Array[16])
            .Select((name, ttl, flush, data) => new ResourceRecord(name, RecordType.Aaaa, ttl, flush, data)),
        Gen.Select(Name, Name, Gen.UInt)
            .Select(
                (name, target, ttl) =>
                    new ResourceRecord(name, RecordType.Ptr, ttl, false, RecordData.Pointer(target))
            ),
        Gen.Select(Name, Name, Gen.UInt, Gen.Int[1, 65535])
            .Select(
                (name, target, ttl, port) =>
                    new ResourceRecord(name, RecordType.Srv, ttl, true, RecordData.Service(target, port))
            ),
        Gen.Select(Name, Gen.UInt, Gen.Dictionary(Label, Label)[0, 5])
            .Select((name, ttl, text) => new ResourceRecord(name, RecordType.Txt, ttl, true, RecordData.Text(text))),
        Gen.Select(Name, Gen.UInt)
            .Select(
                (name, ttl) =>
                    new ResourceRecord(
                        name,
                        RecordType.Nsec,
                        ttl,
                        true,
                        RecordData.Existence(name, [RecordType.A, RecordType.Srv])
                    )
            ),
        Gen.Select(Name, Gen.UShort[256, 65535], Gen.Byte.Array[0, 40])
            .Select((name, type, data) => new ResourceRecord(name, (RecordType)type, 1, false, data))
    );

    private static readonly Gen<Question> Questions = Gen.Select(Name, Gen.Bool)
        .Select((name, unicast) => new Question(name, RecordType.Any, unicast));

    [Fact]
    public void Message_WrittenAndRead_IsTheSame() =>
        Gen.Select(Questions.Array[0, 4], Record.Array[0, 8], Record.Array[0, 4], Record.Array[0, 4])
            .Sample(
                (questions, answers, authorities, additionals) =>
                {
                    var buffer = new byte[MessageReader.MaxPacketLength];
                    var writer = new MessageWriter(buffer, 77, MessageHeader.ResponseFlag);
                    foreach (var question in questions)
                        Assert.True(writer.TryWrite(question));
                    Write(ref writer, MessageSection.Answer, answers);
                    Write(ref writer, MessageSection.Authority, authorities);
                    Write(ref writer, MessageSection.Additional, additionals);
                    var fault = Message.Read(buffer.AsSpan(0, writer.Length), out var message);
                    Assert.Equal(MessageFault.None, fault);
                    Assert.Equal(77, message!.Header.Id);
                    Assert.Equal(questions, message.Questions);
                    AssertSame(answers, message.Answers);
                    AssertSame(authorities, message.Authorities);
                    AssertSame(additionals, message.Additionals);
                }
            );

    [Fact]
    public void Message_WrittenWithOneByteTooFew_IsLeftAsItWas() =>
        Gen.Select(Record.Array[1, 6], Gen.Int[0, 200])
            .Sample(
                (records, missing) =>
                {
                    var buffer = new byte[MessageReader.MaxPacketLength];
                    var writer = new MessageWriter(buffer, 0, MessageHeader.ResponseFlag);
                    Write(ref writer, MessageSection.Answer, records);
                    var room = Math.Max(12, writer.Length - 1 - missing);
                    var small = new MessageWriter(buffer.AsSpan(0, room), 0, MessageHeader.ResponseFlag);
                    var fitted = 0;
                    while (fitted < records.Length && small.TryWrite(MessageSection.Answer, records[fitted]))
                        fitted++;
                    Assert.True(fitted < records.Length);
                    Assert.Equal(MessageFault.None, Message.Read(buffer.AsSpan(0, small.Length), out var message));
                    AssertSame(records[..fitted], message!.Answers);
                }
            );

    [Fact]
    public void Message_OfRandomBytes_NeverThrows() =>
        Gen.Byte.Array[0, 300].Sample(bytes => Message.Read(bytes, out _) == MessageFault.None || true, iter: 20_000);

    [Fact]
    public void Message_WithFlippedBytes_NeverThrows() =>
        Gen.Select(Record.Array[1, 6], Gen.Select(Gen.Int[0, 400], Gen.Byte).Array[1, 8])
            .Sample(
                (records, flips) =>
                {
                    var packet = Packet(records);
                    foreach (var (at, value) in flips)
                        packet[at % packet.Length] = value;
                    var fault = Message.Read(packet, out var message);
                    Assert.Equal(fault == MessageFault.None, message is not null);
                    foreach (var record in message?.Answers ?? [])
                        ReadEverything(record);
                },
                iter: 20_000
            );

    [Fact]
    public void Message_CutAnywhere_IsTruncatedOrOverCounted() =>
        Record
            .Array[1, 4]
            .Sample(records =>
            {
                var packet = Packet(records);
                for (var length = 0; length < packet.Length; length++)
                    Assert.NotEqual(MessageFault.None, Message.Read(packet.AsSpan(0, length), out _));
            }, iter: 50);

    [Theory]
    [InlineData("c00c", "BadPointer")] // points at itself
    [InlineData("c00e", "BadPointer")] // points forwards
    [InlineData("c000", "BadPointer")] // points into the header
    [InlineData("0161c00c", "BadPointer")] // label, then back to the label: a loop
    [InlineData("4161", "ReservedLabel")]
    [InlineData("8161", "ReservedLabel")]
    [InlineData("3f6161", "Truncated")]
    [InlineData("c0", "Truncated")]
    public void Name_Hostile_IsRefused(string name, string fault)
    {
        byte[] packet = [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, .. Convert.FromHexString(name), .. new byte[5]];
        if (fault == "Truncated")
            packet = TruncatedName(name);
        Assert.Equal(Enum.Parse<MessageFault>(fault), Message.Read(packet, out _));
    }

    [Fact]
    public void Name_LongerThan255Bytes_IsRefused()
    {
        byte[] label = [63, .. Enumerable.Repeat((byte)'x', 63)];
        byte[] packet = [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, .. label, .. label, .. label, .. label, 0, 0, 1, 0, 1];
        Assert.Equal(MessageFault.NameTooLong, Message.Read(packet, out _));
    }

    // Goal: chains of pointers, each legal by itself, stay bounded. Method: a name per question, each pointing at the
    // question before, 200 deep, growing by one label: it ends at the jump limit.
    [Fact]
    public void Name_OfTooManyJumps_IsRefused()
    {
        var packet = new List<byte> { 0, 0, 0, 0, 0, 200, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1 };
        var last = 12;
        for (var i = 1; i < 200; i++)
        {
            var at = packet.Count;
            packet.AddRange([(byte)(0xc0 | (last >> 8)), (byte)(last & 0xff), 0, 1, 0, 1]);
            last = at;
        }

        Assert.Equal(MessageFault.BadPointer, Message.Read(packet.ToArray(), out _));
    }

    [Fact]
    public void Header_CountingMoreThanFits_IsRefused()
    {
        var packet = new byte[100];
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(6), ushort.MaxValue);
        Assert.Equal(MessageFault.TooManyEntries, Message.Read(packet, out _));
    }

    [Fact]
    public void Packet_Over9000Bytes_IsRefused() =>
        Assert.Equal(MessageFault.TooLong, Message.Read(new byte[9001], out _));

    [Fact]
    public void Operation_OtherThanQuery_IsRefused() =>
        Assert.Equal(MessageFault.WrongOperation, Message.Read([0, 0, 0x28, 0, 0, 0, 0, 0, 0, 0, 0, 0], out _));

    // Written byte by byte after RFC 1035.
    [Fact]
    public void Message_FromBytesByHand_IsRead()
    {
        var packet = Convert.FromHexString(
            "000084000000000100000000" + "0a5f73746174656c657373" + "045f746370056c6f63616c00000c000100001194000603"
                + "6f6e65c00c"
        );
        Assert.Equal(MessageFault.None, Message.Read(packet, out var message));
        var record = Assert.Single(message!.Answers);
        Assert.Equal(RecordType.Ptr, record.Type);
        Assert.Equal(4500u, record.TimeToLiveSeconds);
        Assert.Equal("one._stateless._tcp.local", RecordData.ReadPointer(record).ToString());
    }

    [Fact]
    public void Writer_RepeatedNames_AreCompressed()
    {
        var type = DomainName.Parse("_stateless._tcp.local");
        var instance = type.Child("one");
        var packet = Packet([
            new(type, RecordType.Ptr, 4500, false, RecordData.Pointer(instance)),
            new(instance, RecordType.Srv, 120, true, RecordData.Service(DomainName.Parse("host.local"), 6881)),
        ]);
        // header 12; name 23, fixed 10, "one" and pointer 6; pointer 2, fixed 10, SRV 6, "host" and pointer 7
        Assert.Equal(12 + 23 + 10 + 6 + 2 + 10 + 6 + 7, packet.Length);
    }

    [Fact]
    public void Text_RoundTrip_KeepsPairsAndSkipsBadKeys()
    {
        byte[] data = [4, .. "id=a"u8, 4, .. "ID=b"u8, 2, .. "=x"u8, 4, .. "flag"u8, 0, 3, 1, (byte)'=', 1];
        var record = new ResourceRecord(DomainName.Local, RecordType.Txt, 1, false, data);
        var text = RecordData.ReadText(record);
        Assert.Equal(2, text.Count);
        Assert.Equal("a", text["id"]);
        Assert.Equal("", text["flag"]);
    }

    [Theory]
    [InlineData("127.0.0.1", false)]
    [InlineData("224.0.0.251", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("::1", false)]
    [InlineData("ff02::fb", false)]
    [InlineData("::ffff:10.0.0.1", false)]
    [InlineData("10.0.0.1", true)]
    [InlineData("fe80::1", true)]
    public void Address_NobodyCanBeCalledAt_IsRefused(string text, bool isGood)
    {
        var address = IPAddress.Parse(text);
        var record = new ResourceRecord(
            DomainName.Local,
            RecordData.AddressType(address),
            1,
            false,
            RecordData.Address(address)
        );
        Assert.Equal(isGood, RecordData.TryReadAddress(record, 3, allowsLoopback: false, out var read));
        if (isGood && address.IsIPv6LinkLocal)
            Assert.Equal(3, read.ScopeId);
    }

    // A first label, so that a single byte after it passes the header's count.
    private static byte[] TruncatedName(string name) =>
        [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 5, .. "aaaaa"u8, .. Convert.FromHexString(name)];

    private static byte[] Packet(ResourceRecord[] answers)
    {
        var buffer = new byte[MessageReader.MaxPacketLength];
        var writer = new MessageWriter(buffer, 0, MessageHeader.ResponseFlag);
        Write(ref writer, MessageSection.Answer, answers);
        return buffer[..writer.Length];
    }

    private static void Write(ref MessageWriter writer, MessageSection section, ResourceRecord[] records)
    {
        foreach (var record in records)
            Assert.True(writer.TryWrite(section, record));
    }

    private static void AssertSame(ResourceRecord[] expected, List<ResourceRecord> actual)
    {
        Assert.Equal(expected.Length, actual.Count);
        foreach (var (left, right) in expected.Zip(actual))
        {
            Assert.True(left.IsSameAs(right));
            Assert.Equal(left.TimeToLiveSeconds, right.TimeToLiveSeconds);
            Assert.Equal(left.FlushesCache, right.FlushesCache);
            Assert.True(left.Data.SequenceEqual(right.Data));
        }
    }

    private static void ReadEverything(ResourceRecord record)
    {
        _ = record.Name.ToString();
        _ = record.Name.TryGetLabel(out _);
        switch (record.Type)
        {
            case RecordType.Ptr:
                _ = RecordData.ReadPointer(record).TryGetLabel(out _);
                break;
            case RecordType.Srv:
                _ = RecordData.ReadService(record);
                break;
            case RecordType.Txt:
                _ = RecordData.ReadText(record);
                break;
            default:
                _ = RecordData.TryReadAddress(record, 1, allowsLoopback: false, out _);
                break;
        }
    }
}
