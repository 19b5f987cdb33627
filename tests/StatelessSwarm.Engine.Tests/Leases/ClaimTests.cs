using CsCheck;
using StatelessSwarm.Engine.Leases;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Tests.Support;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Tests.Leases;

public sealed class ClaimTests
{
    /// <summary>A neighbour that takes claims, wants everything and has nothing.</summary>
    private static ScriptedPeer Neighbour(EngineHarness harness, byte id = 200) =>
        harness.Connect(id).Say(PeerMessageKind.HaveNone).Hello().Unchoke();

    private static ScriptedPeer FarSeed(EngineHarness harness, byte id = 1) =>
        harness.Connect(id, PeerReach.Wan).HaveAll().Unchoke();

    [Fact]
    public void Claim_FarPiece_IsToldFirstAndAskedForAfterItHasSettled()
    {
        var harness = new EngineHarness();
        var neighbour = Neighbour(harness);
        var seed = FarSeed(harness);
        var claimed = neighbour.ClaimsHeard.Single();
        Assert.Empty(seed.Asked);
        harness.Pass(0.2);
        Assert.Equal(claimed, seed.Asked[0].Piece);
    }

    /// <summary>
    /// Goal: members that choose at the same moment choose apart. Method: three engines, told of each other and of the same pieces and of
    /// no claim, choose first; with a common order of ids and pieces they reach for three different ones.
    /// </summary>
    [Fact]
    public void Choice_MembersAtTheSameMoment_ReachForDifferentPieces()
    {
        byte[] ids = [90, 100, 110];
        var chosen = new HashSet<int>();
        foreach (var id in ids)
        {
            var harness = new EngineHarness(pieces: 64, seed: id, change: options => options with { PeerId = EngineHarness.IdOf(id) });
            var others = ids.Where(other => other != id).Select(other => Neighbour(harness, other)).ToList();
            FarSeed(harness);
            chosen.Add(others[0].ClaimsHeard[0]);
        }
        Assert.Equal(ids.Length, chosen.Count);
    }

    [Fact]
    public void Claim_NobodyToTell_AsksAtOnce()
    {
        var harness = new EngineHarness();
        Assert.NotEmpty(FarSeed(harness).Asked);
    }

    [Fact]
    public void Claim_IsNeverToldBeyondTheWan()
    {
        var harness = new EngineHarness();
        var far = harness.Connect(2, PeerReach.Wan).Hello();
        FarSeed(harness);
        harness.Pass(3);
        Assert.Empty(far.ClaimsHeard);
    }

    [Fact]
    public void Claim_OfANeighbour_IsLeftAloneWhileItLives()
    {
        var harness = new EngineHarness(pieces: 2);
        var neighbour = Neighbour(harness).Claim(0);
        var seed = FarSeed(harness);
        harness.Pass(0.5);
        Assert.Equal([1], seed.Asked.Select(request => request.Piece).Distinct());
        for (var second = 1; second <= 4; second++)
        {
            harness.Pass(1);
            neighbour.Claim(0, second);
        }
        Assert.DoesNotContain(seed.HeardOf(PeerMessageKind.Request), message => message.Piece == 0);
    }

    [Fact]
    public void Claim_OfANeighbourThatLeaves_IsTakenOver()
    {
        var harness = new EngineHarness(pieces: 1);
        var neighbour = Neighbour(harness).Claim(0);
        var seed = FarSeed(harness);
        harness.Pass(0.5);
        Assert.Empty(seed.Asked);
        neighbour.Leave();
        harness.Pass(0.2);
        Assert.Equal(4, seed.Asked.Count);
    }

    [Fact]
    public void Claim_OfANeighbourThatFallsSilent_IsTakenOverAfterThreeAndAHalfSeconds()
    {
        var harness = new EngineHarness(pieces: 1);
        Neighbour(harness).Claim(0);
        var seed = FarSeed(harness);
        harness.Pass(3.3);
        Assert.Empty(seed.Asked);
        harness.Pass(0.5);
        Assert.Equal(4, seed.Asked.Count);
    }

    [Fact]
    public void Claim_WithoutProgress_IsTakenOverAfterFiveSecondsByOneWithNothingElse()
    {
        var harness = new EngineHarness(pieces: 1);
        var neighbour = Neighbour(harness).Claim(0);
        var seed = FarSeed(harness);
        for (var second = 0; second < 4; second++)
        {
            harness.Pass(1);
            neighbour.Claim(0);
        }
        Assert.Empty(seed.Asked);
        harness.Pass(1);
        neighbour.Claim(0);
        harness.Pass(0.9);
        Assert.Equal(4, seed.Asked.Count);
    }

    [Fact]
    public void Claim_Released_IsTaken()
    {
        var harness = new EngineHarness(pieces: 1);
        var neighbour = Neighbour(harness).Claim(0);
        var seed = FarSeed(harness);
        neighbour.Release(0);
        harness.Pass(0.2);
        Assert.Equal(4, seed.Asked.Count);
    }

    /// <summary>
    /// Goal: a node that receives more slowly than its neighbours fetch leaves the far source to them. Method: the neighbour has
    /// half of everything at once and hands over a block each half second, which is a backlog of minutes.
    /// </summary>
    [Fact]
    public void Backlog_OfANodeThatTakesSlowly_IsToldAndEndsItsClaims()
    {
        var harness = new EngineHarness(pieces: 64);
        var neighbour = Neighbour(harness);
        var seed = FarSeed(harness);
        FallBehind(harness, neighbour);
        Assert.Equal(ClaimMessageKind.Behind, neighbour.StandingHeard);
        Assert.Empty(seed.Asked);
    }

    /// <summary>Another member would fetch the whole piece, and half of it would cross the line twice.</summary>
    [Fact]
    public void Backlog_PieceOfWhichHalfIsHere_IsKept()
    {
        var harness = new EngineHarness(pieces: 64);
        var neighbour = Neighbour(harness);
        var seed = FarSeed(harness);
        harness.Pass(0.7);
        var asked = seed.Asked.Select(request => request.Piece).Distinct().ToList();
        Assert.True(asked.Count > 1);
        seed.Serve(most: EngineHarness.BlocksPerPiece / 2);
        neighbour.Have([.. Enumerable.Range(0, 64).Except(asked).Take(32)]);
        neighbour.Serve(most: 8, seconds: 0.5);
        Assert.Equal(ClaimMessageKind.Behind, neighbour.StandingHeard);
        Assert.Equal(Enumerable.Repeat(asked[0], EngineHarness.BlocksPerPiece), seed.Asked.Select(request => request.Piece));
    }

    [Fact]
    public void Backlog_AllNeighboursBehindToo_WeClaimAgain()
    {
        var harness = new EngineHarness(pieces: 64);
        var neighbour = Neighbour(harness);
        var seed = FarSeed(harness);
        FallBehind(harness, neighbour);
        Assert.Empty(seed.Asked);
        neighbour.Behind();
        harness.Pass(0.2);
        Assert.NotEmpty(seed.Asked);
    }

    [Fact]
    public void Backlog_WorkedOff_IsTold()
    {
        var harness = new EngineHarness(pieces: 64);
        var neighbour = Neighbour(harness);
        FallBehind(harness, neighbour);
        neighbour.Serve();
        harness.Pass(2);
        Assert.Equal(ClaimMessageKind.CaughtUp, neighbour.StandingHeard);
    }

    private static void FallBehind(EngineHarness harness, ScriptedPeer neighbour)
    {
        neighbour.Have([.. Enumerable.Range(0, 32)]);
        neighbour.Serve(most: 8, seconds: 0.5);
    }

    [Fact]
    public void Claim_OfTheLowerIdAtTheSameMoment_WinsAndNothingWasAskedFor()
    {
        var harness = new EngineHarness(pieces: 1);
        var neighbour = Neighbour(harness, id: 50);
        var seed = FarSeed(harness);
        Assert.Equal([0], neighbour.ClaimsHeard);
        neighbour.Claim(0);
        harness.Pass(1);
        Assert.Empty(seed.HeardOf(PeerMessageKind.Request));
    }

    [Fact]
    public void Claim_OfTheHigherIdAtTheSameMoment_Loses()
    {
        var harness = new EngineHarness(pieces: 1);
        var neighbour = Neighbour(harness, id: 150);
        var seed = FarSeed(harness);
        neighbour.Claim(0);
        harness.Pass(1);
        Assert.Equal(4, seed.Asked.Count);
    }

    [Fact]
    public void Claim_WithHalfThePiece_IsKeptAgainstALowerIdWhichIsTold()
    {
        var harness = new EngineHarness(pieces: 1);
        var neighbour = Neighbour(harness, id: 50);
        var seed = FarSeed(harness);
        harness.Pass(0.2);
        seed.SendBlock(0, 0);
        seed.SendBlock(0, 16384);
        var told = neighbour.ClaimsHeard.Count;
        neighbour.Claim(0);
        Assert.Equal(told + 1, neighbour.ClaimsHeard.Count);
        seed.SendBlock(0, 32768);
        seed.SendBlock(0, 49152);
        Assert.True(harness.Engine.IsComplete);
    }

    [Fact]
    public void Claim_WithLessOfThePiece_IsGivenUpToAHigherIdThatHasMore()
    {
        var harness = new EngineHarness(pieces: 1);
        var neighbour = Neighbour(harness, id: 150);
        var seed = FarSeed(harness);
        harness.Pass(0.2);
        seed.SendBlock(0, 0);
        neighbour.Claim(0, 2);
        Assert.Equal(3, seed.HeardOf(PeerMessageKind.Cancel).Count());
        Assert.Empty(seed.Asked.Skip(1));
    }

    [Fact]
    public void Claim_LostAfterTheFirstBlocks_IsCancelledAndTheRestComesFromTheNeighbour()
    {
        var harness = new EngineHarness(pieces: 1);
        var neighbour = Neighbour(harness, id: 50);
        var seed = FarSeed(harness);
        harness.Pass(0.2);
        seed.SendBlock(0, 0);
        neighbour.Claim(0, 1);
        Assert.Equal(3, seed.HeardOf(PeerMessageKind.Cancel).Count());
        Assert.Empty(neighbour.Asked);
        neighbour.Have(0);
        Assert.Equal([16384, 32768, 49152], neighbour.Asked.Select(request => request.Begin));
        neighbour.Serve();
        Assert.True(harness.Engine.IsComplete);
        Assert.Equal(0, harness.Engine.Status.WastedBytes);
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.5)]
    public void Claims_OfTwoNeighboursOnOnePiece_TheHigherIdIsToldThatItIsTaken(double seconds)
    {
        var harness = new EngineHarness();
        var first = Neighbour(harness, id: 60).Claim(3);
        harness.Pass(seconds);
        var second = Neighbour(harness, id: 50).Claim(3);
        Assert.Equal([3], first.TakenHeard);
        Assert.Empty(second.TakenHeard);
        var third = Neighbour(harness, id: 55).Claim(3).Claim(4);
        Assert.Equal([3], third.TakenHeard);
        Assert.Empty(second.TakenHeard);
    }

    [Fact]
    public void Claims_SecondHasMore_TheFirstIsTold()
    {
        var harness = new EngineHarness();
        var first = Neighbour(harness, id: 50).Claim(3);
        harness.Pass(0.5);
        var second = Neighbour(harness, id: 60).Claim(3, 2);
        Assert.Equal([3], first.TakenHeard);
        Assert.Empty(second.TakenHeard);
    }

    [Fact]
    public void Claim_OnWhatAnotherNeighbourHas_IsToldThatItIsTaken()
    {
        var harness = new EngineHarness();
        Neighbour(harness, id: 60).Have(5);
        var asking = Neighbour(harness, id: 50).Claim(5).Claim(6);
        Assert.Equal([5], asking.TakenHeard);
    }

    [Fact]
    public void Taken_FromTwoAddresses_OurClaimIsGivenUpBeforeAnythingWasAskedFor()
    {
        var harness = new EngineHarness(pieces: 1);
        var one = Neighbour(harness, id: 50);
        var two = Neighbour(harness, id: 60);
        var seed = FarSeed(harness);
        Assert.Equal([0], one.ClaimsHeard);
        one.SayTaken(0);
        two.SayTaken(0);
        Assert.Equal([0], one.ReleasesHeard);
        harness.Pass(2.5);
        Assert.Empty(seed.HeardOf(PeerMessageKind.Request));
        harness.Pass(2);
        Assert.NotEmpty(seed.Asked);
    }

    /// <summary>One liar, however many connections it opens from its address, cannot keep us from a piece.</summary>
    [Fact]
    public void Taken_FromOneAddress_IsNotBelieved()
    {
        var harness = new EngineHarness(pieces: 1);
        var one = harness.Connect(50, address: "10.0.0.50").Say(PeerMessageKind.HaveNone).Hello().Unchoke();
        var two = harness.Connect(60, address: "10.0.0.50").Say(PeerMessageKind.HaveNone).Hello().Unchoke();
        var seed = FarSeed(harness);
        for (var time = 0; time < 5; time++)
        {
            one.SayTaken(0);
            two.SayTaken(0);
        }
        harness.Pass(0.2);
        Assert.Equal(4, seed.Asked.Count);
    }

    /// <summary>Who has heard last of us a second ago is told what has come since, and judges again.</summary>
    [Theory]
    [InlineData(0, false)]
    [InlineData(2, true)]
    public void Taken_MoreOfItHasComeThanTheyKnow_IsKeptAndTheyAreTold(int theirs, bool isGivenUp)
    {
        var harness = new EngineHarness(pieces: 1);
        var one = Neighbour(harness, id: 50);
        var two = Neighbour(harness, id: 60);
        var seed = FarSeed(harness);
        harness.Pass(0.2);
        seed.SendBlock(0, 0);
        seed.SendBlock(0, 16384);
        var told = one.ClaimsHeard.Count;
        one.SayTaken(0, theirs);
        two.SayTaken(0, theirs);
        Assert.Equal(isGivenUp ? [0] : [], one.ReleasesHeard);
        Assert.Equal(isGivenUp ? told : told + 1, one.ClaimsHeard.Count);
        Assert.Equal(isGivenUp ? 2 : 4, seed.Asked.Count);
    }

    /// <summary>Goal: two that lie together gain no more than half a minute. Method: they call the only piece taken whenever it is claimed.</summary>
    [Fact]
    public void Taken_AgainAndAgain_IsBelievedForTwentySeconds()
    {
        var harness = new EngineHarness(pieces: 1);
        var one = Neighbour(harness, id: 50);
        var two = Neighbour(harness, id: 60);
        var seed = FarSeed(harness);
        var claims = 0;
        var seconds = 0.0;
        for (; seed.Asked.Count == 0 && seconds < 60; seconds += 0.1)
        {
            if (one.ClaimsHeard.Count > claims)
            {
                claims = one.ClaimsHeard.Count;
                one.SayTaken(0);
                two.SayTaken(0);
            }
            harness.Pass(0.1);
        }
        Assert.InRange(seconds, ClaimLedger.LongestHearsayMs / 1000.0 - 1, 30);
    }

    /// <summary>
    /// Goal: no storm. Method: whatever is claimed is called taken at once; ten seconds long the claims are counted. Without a pause there
    /// would be one for each of a thousand pieces.
    /// </summary>
    [Fact]
    public void Taken_EveryClaim_IsFollowedByLongerAndLongerPauses()
    {
        var harness = new EngineHarness(pieces: 1000);
        var one = Neighbour(harness, id: 50);
        var two = Neighbour(harness, id: 60);
        FarSeed(harness);
        var told = 0;
        for (var step = 0; step < 500; step++)
        {
            foreach (var piece in one.ClaimsHeard.Skip(told).Distinct().ToList())
            {
                one.SayTaken(piece);
                two.SayTaken(piece);
            }
            told = one.ClaimsHeard.Count;
            harness.Pass(0.02);
        }
        Assert.InRange(one.ClaimsHeard.Distinct().Count(), 10, 100);
    }

    [Fact]
    public void Far_WhatAUsableNeighbourHas_IsAskedOfTheNeighbourOnly()
    {
        var harness = new EngineHarness(pieces: 2);
        var neighbour = Neighbour(harness).Have(0);
        var seed = FarSeed(harness);
        harness.Pass(0.2);
        Assert.Equal([0], neighbour.Asked.Select(request => request.Piece).Distinct());
        Assert.Equal([1], seed.Asked.Select(request => request.Piece).Distinct());
    }

    [Fact]
    public void Far_NeighbourGetsThePieceMeanwhile_RequestsMoveThere()
    {
        var harness = new EngineHarness(pieces: 1);
        var neighbour = Neighbour(harness);
        var seed = FarSeed(harness);
        harness.Pass(0.2);
        Assert.Equal(4, seed.Asked.Count);
        neighbour.Have(0);
        Assert.Empty(seed.Asked);
        Assert.Equal(4, neighbour.Asked.Count);
    }

    [Fact]
    public void Far_NeighbourStalls_FarIsAskedAgain()
    {
        var harness = new EngineHarness(pieces: 1);
        var neighbour = Neighbour(harness).Have(0);
        var seed = FarSeed(harness);
        harness.Pass(1);
        Assert.Empty(seed.Asked);
        harness.Pass(7);
        Assert.Equal(4, seed.Asked.Count);
        Assert.Empty(neighbour.Asked);
    }

    [Fact]
    public void Far_CompleteNeighbour_NothingIsAskedOfAfar()
    {
        var harness = new EngineHarness();
        var near = harness.Connect(5).HaveAll().Unchoke();
        var seed = FarSeed(harness);
        harness.Pass(1);
        Assert.NotEmpty(near.Asked);
        Assert.Empty(seed.Asked);
    }

    [Fact]
    public void NearSeed_WhileAnotherWants_IsAskedForUnclaimedPiecesOnly()
    {
        var harness = new EngineHarness(pieces: 2);
        Neighbour(harness).Claim(1);
        var seed = harness.Connect(5).HaveAll().Unchoke();
        harness.Pass(0.5);
        Assert.Equal([0], seed.Asked.Select(request => request.Piece).Distinct());
    }

    [Fact]
    public void NearSeeds_MoreThanThoseWhoWant_AreAskedForAnything()
    {
        var harness = new EngineHarness(pieces: 2);
        Neighbour(harness).Claim(1);
        var one = harness.Connect(5).HaveAll().Unchoke();
        var two = harness.Connect(6).HaveAll().Unchoke();
        harness.Pass(0.5);
        Assert.Equal([0, 1], one.Asked.Concat(two.Asked).Select(request => request.Piece).Distinct().Order());
    }

    /// <summary>Goal: who cannot hand on what it brings in brings in no more. Method: a neighbour takes one block now and then.</summary>
    [Fact]
    public void Debt_PiecesThatNeighboursTakeTooSlowly_StopNewClaims()
    {
        var harness = new EngineHarness(pieces: 64);
        var neighbour = Neighbour(harness);
        var seed = FarSeed(harness);
        for (var step = 0; step < 20; step++)
        {
            harness.Pass(0.2);
            seed.Serve(100, 0.002);
            if (neighbour.HeardOf(PeerMessageKind.Have).FirstOrDefault() is { Kind: PeerMessageKind.Have } have && step % 5 == 0)
                neighbour.Request(have.Piece);
            harness.ReportSent();
        }
        var fetched = harness.Engine.Status.VerifiedPieces;
        Assert.InRange(fetched, SpreadWatch.Least, SpreadWatch.Least + 4);
        foreach (var piece in neighbour.HeardOf(PeerMessageKind.Have).Select(message => message.Piece).ToList())
            neighbour.Have(piece);
        harness.Pass(0.2);
        seed.Serve(100, 0.002);
        Assert.True(harness.Engine.Status.VerifiedPieces > fetched);
    }

    [Fact]
    public void Debt_NeighbourThatTakesNothing_IsNoReasonToStop()
    {
        var harness = new EngineHarness(pieces: 64);
        Neighbour(harness);
        var seed = FarSeed(harness);
        for (var step = 0; step < 40 && !harness.Engine.IsComplete; step++)
        {
            harness.Pass(0.2);
            seed.Serve(100, 0.002);
        }
        Assert.True(harness.Engine.IsComplete);
    }

    [Fact]
    public void Message_BrokenOrOutOfRange_EndsTheConnection()
    {
        var harness = new EngineHarness();
        Assert.Equal(PeerFault.PieceIndexOutOfRange, Neighbour(harness, 201).Claim(8).Fault);
        Assert.Equal(PeerFault.PieceIndexOutOfRange, Neighbour(harness, 202).Claim(-1).Fault);
        var broken = Neighbour(harness, 203).Say(PeerMessageKind.Extended, payload: [0x93, 1], extended: 2);
        Assert.Equal(PeerFault.BadExtension, broken.Fault);
    }

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(int.MinValue)]
    public void Message_BlocksThatCannotBe_AreTakenForAllOrNone(int received)
    {
        var harness = new EngineHarness(pieces: 1);
        var neighbour = Neighbour(harness, id: 150);
        var seed = FarSeed(harness);
        neighbour.Claim(0, received);
        Neighbour(harness, id: 151).Claim(0, received);
        harness.Pass(1);
        Assert.Equal(received > 0 ? 0 : 4, seed.Asked.Count);
    }

    [Fact]
    public void Message_LaterVersion_IsSkipped()
    {
        var harness = new EngineHarness();
        var peer = Neighbour(harness).Say(PeerMessageKind.Extended, payload: [0x93, 2, 0xc0, 0xc0], extended: 2);
        Assert.Equal(PeerFault.None, peer.Fault);
    }

    [Fact]
    public void Codec_RoundTrip_IsEqual() =>
        Gen.Int[0, 250].Array[0, 512].Sample(numbers =>
        {
            var read = new List<int>();
            Assert.True(ClaimMessage.TryRead(ClaimMessage.Write(ClaimMessageKind.Releases, numbers), out var kind, read));
            Assert.Equal(ClaimMessageKind.Releases, kind);
            Assert.Equal(numbers, read);
        });

    [Fact]
    public void Codec_RandomBytes_NeverThrow() =>
        Gen.Byte.Array[0, 60].Sample(bytes => { ClaimMessage.TryRead(bytes, out _, []); }, iter: 20_000);

    [Fact]
    public void Codec_MoreThanItsBounds_IsRefused()
    {
        Assert.False(ClaimMessage.TryRead(ClaimMessage.Write(ClaimMessageKind.Claims, new int[514]), out _, []));
        Assert.False(ClaimMessage.TryRead(ClaimMessage.Write(ClaimMessageKind.Claims, new int[3]), out _, []));
    }
}
