using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;

namespace Net.Hosting.Pages;

/// <summary>Collects HTML. What stands in braces of an interpolated string is escaped; only literal parts are markup, so that nothing that came from outside can be.</summary>
internal sealed class HtmlText
{
    private readonly StringBuilder _text = new();

    internal HtmlText Add([InterpolatedStringHandlerArgument("")] Fragment fragment)
    {
        _ = fragment;
        return this;
    }

    /// <summary>Adds markup that the program itself holds.</summary>
    internal HtmlText AddMarkup(string constant)
    {
        _text.Append(constant);
        return this;
    }

    public override string ToString() => _text.ToString();

    /// <summary>Takes the parts of an interpolated string.</summary>
    [InterpolatedStringHandler]
    internal readonly ref struct Fragment
    {
        private readonly StringBuilder _text;

        public Fragment(int literalLength, int formattedCount, HtmlText target)
        {
            _ = formattedCount;
            _text = target._text;
            _text.EnsureCapacity(_text.Length + literalLength);
        }

        public void AppendLiteral(string literal) => _text.Append(literal);

        public void AppendFormatted<T>(T value) => _text.Append(HtmlEncoder.Default.Encode(Convert.ToString(value, CultureInfo.InvariantCulture) ?? ""));

        public void AppendFormatted<T>(T value, string format)
            where T : IFormattable => _text.Append(HtmlEncoder.Default.Encode(value.ToString(format, CultureInfo.InvariantCulture)));
    }
}
