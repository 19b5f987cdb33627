using System.Text;
using StatelessSwarm.Trust;
using StatelessSwarm.Trust.Identities;

namespace StatelessSwarm.Fuzz.Targets;

/// <summary>What a closed seed reads of strangers, and a stranger of it: requests, the key in them, answers, tokens.</summary>
internal sealed class EnrolmentTarget : FuzzTarget
{
    public override string Name => "enrolment";

    public override IReadOnlyList<byte[]> Words => [[0x95], [0x93], [0xc4], [0xc5, 0x01], [0x30, 0x82], [0xa0, 0x00], .. WordsOf("ss1.", ".", "00112233445566aa")];

    // a request's signature is checked by the system's library, which is where its memory goes
    public override long MaxAllocated(int length) => 8 * 1024 * 1024 + 4096L * length;

    public override void Run(ReadOnlySpan<byte> input)
    {
        var bytes = input.ToArray();
        if (EnrolmentToken.TryParse(Encoding.Latin1.GetString(bytes), out var token))
            Require(EnrolmentToken.TryParse(token.Format(), out var again) && again.Id == token.Id, "a token is read as it was written");
        try
        {
            _ = EnrolmentAnswer.Decode(bytes);
        }
        catch (TrustException)
        {
            // Refused.
        }
        try
        {
            var request = EnrolmentRequest.Decode(bytes);
            Require(EnrolmentRequest.Decode(request.Encode()).TokenId == request.TokenId, "a request is read as it was written");
        }
        catch (TrustException)
        {
            // Refused.
        }
        try
        {
            _ = IdentityRequest.KeyIdOf(bytes);
        }
        catch (TrustException)
        {
            // Refused.
        }
    }

    public override IEnumerable<(string Name, byte[] Bytes)> Seeds()
    {
        if (!EnrolmentToken.TryParse($"ss1.00112233445566aa.{new string('A', 43)}.{new string('7', 64)}", out var token))
            throw new InvalidOperationException("The token is one.");
        yield return ("token", Encoding.Latin1.GetBytes(token.Format()));
        yield return ("request", EnrolmentRequest.Create(token, "web-17", new byte[40]).Encode());
        yield return ("answer", new EnrolmentAnswer(new byte[30], new byte[20]).Encode());
    }
}
