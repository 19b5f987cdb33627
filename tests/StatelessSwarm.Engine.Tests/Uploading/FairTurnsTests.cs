using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Tests.Support;
using StatelessSwarm.Engine.Torrents;

namespace StatelessSwarm.Engine.Tests.Uploading;

/// <summary>Equal parts of an uplink on which one connection would have half. The link of these tests carries so many blocks in each hundredth of a second.</summary>
public sealed class FairTurnsTests
{
    private const int Pieces = 64;
    private const int Others = 7;
    private const int BlocksPerStep = 2;

    private readonly EngineHarness _harness = new(Pieces, EngineHarness.All(Pieces));
    private readonly List<ScriptedPeer> _peers = [];
    private readonly Dictionary<PeerHandle, int> _sent = [];
    private readonly Dictionary<PeerHandle, int> _asked = [];

    private ScriptedPeer Hog => _peers[0];

    private void ConnectAll(PeerReach reach = PeerReach.Lan)
    {
        for (byte id = 1; id <= Others + 1; id++)
            _peers.Add(_harness.Connect(id, reach));
    }

    /// <summary>
    /// Lets the link carry what was handed to the shell: one block of the first peer, then blocks of the others, by turns and at most so many, then
    /// the first peer's again. What each peer was sent meanwhile.
    /// </summary>
    private int[] Carry(double seconds, int othersAtMost = BlocksPerStep, int othersWant = 16)
    {
        var before = _peers.Select(peer => _sent.GetValueOrDefault(peer.Handle)).ToArray();
        for (var step = 0; step < seconds * 100; step++)
        {
            foreach (var peer in _peers)
                Ask(peer, peer == Hog ? 64 : othersWant);
            _harness.Pass(0.01);
            var room = BlocksPerStep;
            room -= Send(1, command => command.Peer == Hog.Handle);
            room -= Send(Math.Min(room, othersAtMost), command => command.Peer != Hog.Handle);
            Send(room, command => command.Peer == Hog.Handle);
        }
        return [.. _peers.Select((peer, place) => _sent.GetValueOrDefault(peer.Handle) - before[place])];
    }

    private int Send(int most, Predicate<EngineCommand> isMeant)
    {
        var count = 0;
        for (; count < most && _harness.Unsent.FindIndex(isMeant) is >= 0 and var place; count++)
        {
            var next = _harness.Unsent[place];
            _harness.Unsent.RemoveAt(place);
            _sent[next.Peer] = _sent.GetValueOrDefault(next.Peer) + 1;
            _harness.Engine.BlockSent(next.Peer, next.Block);
            _harness.Drain();
        }
        return count;
    }

    private void Ask(ScriptedPeer peer, int outstanding)
    {
        var asked = _asked.GetValueOrDefault(peer.Handle);
        for (; asked < _sent.GetValueOrDefault(peer.Handle) + outstanding; asked++)
            peer.Request(asked / EngineHarness.BlocksPerPiece % Pieces, asked % EngineHarness.BlocksPerPiece * BlockRange.BlockSize);
        _asked[peer.Handle] = asked;
    }

    [Fact]
    public void Carry_OneConnectionTakesTheLink_AllGetTheirPart()
    {
        ConnectAll();
        Carry(5);
        var sent = Carry(5);
        Assert.InRange(sent.Sum(), 0.97 * 5 * 100 * BlocksPerStep, 5 * 100 * BlocksPerStep);
        var part = sent.Sum() / (Others + 1);
        Assert.All(sent, blocks => Assert.InRange(blocks, 0.6 * part, 1.4 * part));
    }

    [Fact]
    public void Carry_TheOthersCannotTakeMore_TheLinkIsNotLeftIdle()
    {
        ConnectAll();
        var sent = 0;
        for (var round = 0; round < 30; round++)
            sent += Carry(1, othersAtMost: round % 2).Sum();
        // The trials cost something: half a second each, after 2, 4, 8 ... seconds.
        Assert.InRange(sent, 0.9 * 30 * 100 * BlocksPerStep, 30 * 100 * BlocksPerStep);
    }

    [Fact]
    public void Carry_TheOthersHaveAllTheyWant_NobodyWaits()
    {
        ConnectAll();
        var sent = Carry(10, othersWant: 0);
        Assert.Equal(10 * 100 * BlocksPerStep, sent[0]);
    }

    [Fact]
    public void Carry_BeyondTheWanLink_IsLeftToTcp()
    {
        ConnectAll(PeerReach.Wan);
        var sent = Carry(5);
        Assert.InRange(sent[0], 0.5 * sent.Sum(), sent.Sum());
    }
}
