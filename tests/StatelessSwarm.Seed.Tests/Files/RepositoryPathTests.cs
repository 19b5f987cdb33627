using CsCheck;
using StatelessSwarm.Seed.Files;

namespace StatelessSwarm.Seed.Tests.Files;

public sealed class RepositoryPathTests
{
    private const string Digest = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    public static TheoryData<string, string, bool> Allowed =>
        new()
        {
            { "/metadata/root.mp", "metadata/root.mp", false },
            { "/metadata/12.root.mp", "metadata/12.root.mp", false },
            { "/metadata/channels/web/stable.mp", "metadata/channels/web/stable.mp", false },
            { "/metadata/channels/web/r%6fot.mp", "metadata/channels/web/root.mp", false },
            { $"/releases/{Digest}/manifest.mp", $"releases/{Digest}/manifest.mp", true },
            { $"/releases/{Digest}/release.torrent", $"releases/{Digest}/release.torrent", true },
            { $"/releases/{Digest}/web-1.0~/root.erofs", $"releases/{Digest}/web-1.0~/root.erofs", true },
            { $"/releases/{Digest}/SHA256SUMS", $"releases/{Digest}/SHA256SUMS", true },
            { $"/releases/{Digest}/web-1.0%2Bb~1/root.squashfs", $"releases/{Digest}/web-1.0+b~1/root.squashfs", true },
            { $"/releases/{Digest}/web-1.0+b%7e1/initrd.img", $"releases/{Digest}/web-1.0+b~1/initrd.img", true },
        };

    public static TheoryData<string> Refused =>
        [
            "",
            "/",
            "metadata/root.mp",
            "/metadata",
            "/metadata/",
            "/metadata/.mp",
            "/metadata/root.txt",
            "/metadata/root.mp/",
            "/metadata//root.mp",
            "//metadata/root.mp",
            "/metadata/../metadata/root.mp",
            "/metadata/./root.mp",
            "/metadata/%2e%2e/metadata/root.mp",
            "/metadata/%2E%2E%2froot.mp",
            "/metadata/..%2froot.mp",
            "/metadata/%252e%252e/root.mp",
            "/metadata/a%00.mp",
            "/metadata/a\0.mp",
            "/metadata/a%5c..%5croot.mp",
            "/metadata/a\\root.mp",
            "/metadata/a%2froot.mp",
            "/metadata/a;b.mp",
            "/metadata/\u00e9.mp",
            "/metadata/%c3%a9.mp",
            "/metadata/%u002e.mp",
            "/metadata/a%2.mp",
            "/metadata/a%",
            "/metadata/.hidden.mp",
            "/metadata/.lock/root.mp",
            "/metadata/root.mp.tmp",
            "/metadata/root.mp~",
            "/metadata/1/2/3/4/5.mp",
            "/releases",
            "/releases/",
            $"/releases/{Digest}",
            $"/releases/{Digest}/",
            $"/releases/{Digest}/.lock",
            $"/releases/{Digest}/x.part",
            $"/releases/{Digest}/x.LOCK",
            $"/releases/{Digest}/a/b/c",
            $"/releases/{Digest}/../root.mp",
            $"/releases/{Digest[..63]}/manifest.mp",
            $"/releases/{Digest.ToUpperInvariant()}/manifest.mp",
            $"/releases/{Digest}0/manifest.mp",
            $"/releases/.{Digest[1..]}/manifest.mp",
            "/.lock",
            "/publish.lock",
            "/etc/passwd",
            "/keys/root.key",
            "http://host/metadata/root.mp",
            "*",
        ];

    [Theory]
    [MemberData(nameof(Allowed))]
    public void TryParse_FileOfARepository_IsRead(string raw, string relative, bool isImmutable)
    {
        Assert.True(RepositoryPath.TryParse(raw, out var path));
        Assert.Equal(relative, path.Relative);
        Assert.Equal(isImmutable, path.IsImmutable);
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void TryParse_AnythingElse_IsRefused(string raw) => Assert.False(RepositoryPath.TryParse(raw, out _));

    [Fact]
    public void TryParse_TooLong_IsRefused()
    {
        Assert.True(RepositoryPath.TryParse($"/metadata/{new string('a', 252)}.mp", out _));
        Assert.False(RepositoryPath.TryParse($"/metadata/{new string('a', 253)}.mp", out _));
        Assert.False(RepositoryPath.TryParse("/metadata/" + new string('%', 3000), out _));
    }

    [Fact]
    public void TryParse_AnyText_NeverLeavesTheRepository()
    {
        // Goal: whatever is accepted stays below the root once joined and folded. Method: texts built from the pieces that
        // matter to an attacker.
        string[] pieces =
        [
            "/", "metadata", "releases", Digest, "..", ".", "%2e", "%2f", "%00", "a", ".mp", "\\", "%5c", "~", "//", "%", "é", "root.mp",
        ];
        Gen.Int[0, pieces.Length - 1].Array[1, 8].Select(chosen => "/" + string.Concat(chosen.Select(i => pieces[i])))
            .Sample(raw =>
            {
                if (!RepositoryPath.TryParse(raw, out var path))
                    return;
                var full = Path.GetFullPath(Path.Combine("/srv/repo", path.Relative));
                Assert.Equal("/srv/repo/" + path.Relative, full);
                Assert.True(
                    path.Relative.StartsWith("metadata/", StringComparison.Ordinal)
                        || path.Relative.StartsWith("releases/", StringComparison.Ordinal)
                );
            });
    }
}
